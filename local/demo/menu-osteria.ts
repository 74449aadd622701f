import type * as z from 'zod'
import type { NewMenu } from '../../src/restaurants/menu-schema.ts'

export const osteriaMenu: z.input<typeof NewMenu> = {
  categories: [
    {
      name: 'Small plates',
      names: { es: 'Para picar' },
      items: [
        {
          name: 'Marinated olives',
          names: { es: 'Aceitunas aliñadas' },
          price_minor: 900,
          diets: ['vegan', 'vegetarian', 'gluten_free', 'lactose_free'],
        },
        {
          name: 'Meatballs in tomato',
          names: { es: 'Albóndigas en tomate' },
          price_minor: 1700,
          allergens: ['gluten', 'eggs', 'milk', 'celery'],
        },
        {
          name: 'Fried calamari',
          names: { es: 'Calamares fritos' },
          price_minor: 1900,
          allergens: ['molluscs', 'gluten'],
          modifiers: [
            {
              name: 'Dip',
              names: { es: 'Salsa' },
              min: 0,
              max: 2,
              options: [
                { name: 'Aioli', names: { es: 'Alioli' }, allergens: ['eggs', 'mustard'] },
                { name: 'Spicy tomato', names: { es: 'Tomate picante' } },
              ],
            },
          ],
        },
      ],
    },
    {
      name: 'Pizza',
      names: { es: 'Pizza' },
      items: [
        {
          name: 'Margherita',
          names: { es: 'Margarita' },
          price_minor: 1800,
          allergens: ['gluten', 'milk'],
          diets: ['vegetarian'],
          variants: [
            { name: '10 inch', names: { es: '25 cm' }, price_minor: 1800 },
            { name: '14 inch', names: { es: '35 cm' }, price_minor: 2600 },
          ],
          modifiers: [
            {
              name: 'Toppings',
              names: { es: 'Ingredientes' },
              min: 0,
              max: 4,
              options: [
                { name: 'Prosciutto', names: { es: 'Jamón' }, price_minor: 500 },
                { name: 'Anchovies', names: { es: 'Anchoas' }, price_minor: 300, allergens: ['fish'] },
                { name: 'Mushrooms', names: { es: 'Champiñones' }, price_minor: 300 },
                { name: 'Egg', names: { es: 'Huevo' }, price_minor: 200, allergens: ['eggs'] },
              ],
            },
          ],
        },
        {
          name: 'Marinara',
          names: { es: 'Marinera' },
          price_minor: 1600,
          description: 'Tomato, garlic, oregano; no cheese',
          descriptions: { es: 'Tomate, ajo y orégano; sin queso' },
          allergens: ['gluten'],
          diets: ['vegan', 'vegetarian', 'lactose_free'],
        },
      ],
    },
    {
      name: 'Late bites',
      names: { es: 'De madrugada' },
      windows: [{ days: [4, 5, 6], from: '21:30', until: '23:30' }],
      items: [
        {
          name: 'Grilled cheese',
          names: { es: 'Sándwich de queso' },
          price_minor: 1400,
          allergens: ['gluten', 'milk'],
          diets: ['vegetarian'],
          stock: 20,
        },
      ],
    },
    {
      name: 'Drinks',
      names: { es: 'Bebidas' },
      items: [
        {
          name: 'House red',
          names: { es: 'Tinto de la casa' },
          price_minor: 1300,
          allergens: ['sulphites'],
          variants: [
            { name: 'Glass', names: { es: 'Copa' }, price_minor: 1300 },
            { name: 'Carafe', names: { es: 'Jarra' }, price_minor: 3600 },
          ],
        },
        {
          name: 'Lemonade',
          names: { es: 'Limonada' },
          price_minor: 600,
          diets: ['vegan', 'vegetarian', 'gluten_free', 'lactose_free'],
        },
      ],
    },
  ],
}
