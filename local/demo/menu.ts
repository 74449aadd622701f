import type * as z from 'zod'
import type { NewMenu, NewMenuItem } from '../../src/restaurants/menu-schema.ts'
import { osteriaMenu } from './menu-osteria.ts'

type Item = z.input<typeof NewMenuItem>
type Menu = z.input<typeof NewMenu>
type Option = NonNullable<Item['modifiers']>[number]['options'][number]

/** Singapore's GST, which the prices include. */
const gst = { tax_permille: 90 }
const every = [1, 2, 3, 4, 5, 6, 7]
const lunch = [{ days: [2, 3, 4, 5], from: '11:30', until: '14:30' }]
const evening = [{ days: every, from: '18:00', until: '01:00' }]

const option = (name: string, it: string, zh: string, price_minor = 0, held: Option['allergens'] = []): Option => ({
  name,
  names: { it, zh },
  price_minor,
  allergens: held,
})
const glassOrBottle = (glass: number, bottle: number): NonNullable<Item['variants']> => [
  { name: 'Glass', names: { it: 'Calice', zh: '杯' }, price_minor: glass },
  { name: 'Bottle', names: { it: 'Bottiglia', zh: '瓶' }, price_minor: bottle },
]
const pasta = {
  name: 'Pasta',
  names: { it: 'Pasta', zh: '面' },
  min: 1,
  max: 1,
  options: [
    option('As it comes', 'Come da ricetta', '原味', 0, ['gluten', 'eggs']),
    option('Gluten-free', 'Senza glutine', '无麸质', 300),
  ],
}
const doneness = {
  name: 'How done',
  names: { it: 'Cottura', zh: '熟度' },
  min: 1,
  max: 1,
  options: [
    option('Rare', 'Al sangue', '一分熟'),
    option('Medium rare', 'Media', '三分熟'),
    option('Medium', 'Al punto', '五分熟'),
    option('Well done', 'Ben cotta', '全熟'),
  ],
}
const sides = {
  name: 'On the side',
  names: { it: 'Contorni', zh: '配菜' },
  min: 0,
  max: 2,
  options: [
    option('Roast potatoes', 'Patate arrosto', '烤土豆', 800),
    option('White beans', 'Fagioli all’uccelletto', '番茄白豆', 900),
    option('Rocket and Parmesan', 'Rucola e Parmigiano', '芝麻菜与帕玛森', 1000, ['milk']),
  ],
}
const shavings = {
  name: 'Extra',
  names: { it: 'In più', zh: '加料' },
  min: 0,
  max: 3,
  options: [
    option('Parmesan', 'Parmigiano', '帕玛森奶酪', 200, ['milk']),
    option('Black truffle', 'Tartufo nero', '黑松露', 1800),
    option('Burrata', 'Burrata', '布拉塔奶酪', 1200, ['milk']),
    { ...option('White truffle', 'Tartufo bianco', '白松露', 4800), available: false },
  ],
}

const chiantiMenu: Menu = {
  categories: [
    {
      name: 'To begin with',
      names: { it: 'Antipasti', zh: '前菜' },
      items: [
        {
          name: 'Chicken liver crostini',
          names: { it: 'Crostini toscani', zh: '托斯卡纳鸡肝烤面包' },
          price_minor: 1600,
          description: 'Chicken liver, capers and anchovy on grilled bread',
          descriptions: {
            it: 'Fegatini di pollo, capperi e acciughe su pane abbrustolito',
            zh: '鸡肝、刺山柑与鳀鱼配烤面包',
          },
          allergens: ['gluten', 'fish', 'celery', 'sulphites'],
          ...gst,
        },
        {
          name: 'Burrata and tomatoes',
          names: { it: 'Burrata e pomodori', zh: '布拉塔奶酪配番茄' },
          price_minor: 2400,
          allergens: ['milk'],
          diets: ['vegetarian', 'gluten_free'],
          ...gst,
        },
        {
          name: 'Panzanella',
          names: { it: 'Panzanella', zh: '托斯卡纳面包沙拉' },
          price_minor: 1500,
          description: 'Bread, tomatoes, cucumber, red onion',
          descriptions: { it: 'Pane, pomodori, cetriolo, cipolla rossa', zh: '面包、番茄、黄瓜、红洋葱' },
          allergens: ['gluten', 'sulphites'],
          diets: ['vegan', 'vegetarian', 'lactose_free'],
          ...gst,
        },
      ],
    },
    {
      name: 'Pasta and soup',
      names: { it: 'Primi', zh: '面食与汤' },
      items: [
        {
          name: 'Pappardelle with wild boar',
          names: { it: 'Pappardelle al cinghiale', zh: '野猪肉酱宽面' },
          price_minor: 3200,
          allergens: ['celery', 'sulphites'],
          modifiers: [pasta, shavings],
          ...gst,
        },
        {
          name: 'Pici cacio e pepe',
          names: { it: 'Pici cacio e pepe', zh: '黑胡椒羊奶酪手擀面' },
          price_minor: 2600,
          allergens: ['milk'],
          diets: ['vegetarian'],
          modifiers: [pasta, shavings],
          ...gst,
        },
        {
          name: 'Ribollita',
          names: { it: 'Ribollita', zh: '托斯卡纳蔬菜豆汤' },
          price_minor: 1800,
          allergens: ['gluten', 'celery'],
          diets: ['vegan', 'vegetarian', 'lactose_free'],
          variants: [
            { name: 'Small', names: { it: 'Mezza', zh: '小份' }, price_minor: 1200 },
            { name: 'Full', names: { it: 'Intera', zh: '大份' }, price_minor: 1800 },
          ],
          ...gst,
        },
      ],
    },
    {
      name: 'Two-course lunch',
      names: { it: 'Pranzo di lavoro', zh: '午市套餐' },
      windows: lunch,
      items: [
        {
          name: 'Dish of the day and a coffee',
          names: { it: 'Piatto del giorno e caffè', zh: '当日主菜配咖啡' },
          price_minor: 2900,
          stock: 30,
          allergens: ['gluten', 'milk', 'eggs', 'celery'],
          ...gst,
        },
      ],
    },
    {
      name: 'From the grill',
      names: { it: 'Dalla griglia', zh: '炭烤' },
      items: [
        {
          name: 'Florentine steak for two',
          names: { it: 'Bistecca alla fiorentina per due', zh: '佛罗伦萨T骨牛排（两人份）' },
          price_minor: 16_800,
          description: '1.2 kg on the bone',
          descriptions: { it: '1,2 kg con l’osso', zh: '1.2公斤带骨' },
          stock: 6,
          windows: evening,
          diets: ['gluten_free', 'lactose_free'],
          modifiers: [doneness, sides],
          ...gst,
        },
        {
          name: 'Sea bass',
          names: { it: 'Branzino', zh: '烤海鲈鱼' },
          price_minor: 4200,
          allergens: ['fish'],
          diets: ['gluten_free', 'lactose_free'],
          modifiers: [sides],
          ...gst,
        },
        {
          name: 'Aubergine parmigiana',
          names: { it: 'Parmigiana di melanzane', zh: '帕玛森焗茄子' },
          price_minor: 2600,
          allergens: ['milk', 'eggs', 'gluten'],
          diets: ['vegetarian'],
          modifiers: [sides],
          ...gst,
        },
      ],
    },
    {
      name: 'Sweets',
      names: { it: 'Dolci', zh: '甜品' },
      items: [
        {
          name: 'Tiramisù',
          names: { it: 'Tiramisù', zh: '提拉米苏' },
          price_minor: 1600,
          allergens: ['milk', 'eggs', 'gluten'],
          diets: ['vegetarian'],
          ...gst,
        },
        {
          name: 'Cantucci and Vin Santo',
          names: { it: 'Cantucci e Vin Santo', zh: '杏仁饼干配圣酒' },
          price_minor: 1800,
          allergens: ['nuts', 'eggs', 'gluten', 'sulphites'],
          diets: ['vegetarian'],
          ...gst,
        },
      ],
    },
    {
      name: 'Wine and water',
      names: { it: 'Vino e acqua', zh: '酒水' },
      items: [
        {
          name: 'Chianti Classico',
          names: { it: 'Chianti Classico', zh: '经典基安蒂红葡萄酒' },
          price_minor: 1900,
          allergens: ['sulphites'],
          diets: ['vegan', 'vegetarian', 'gluten_free', 'lactose_free'],
          variants: glassOrBottle(1900, 9200),
          ...gst,
        },
        {
          name: 'Vernaccia',
          names: { it: 'Vernaccia di San Gimignano', zh: '维奈西卡白葡萄酒' },
          price_minor: 1700,
          allergens: ['sulphites'],
          diets: ['vegan', 'vegetarian', 'gluten_free', 'lactose_free'],
          variants: glassOrBottle(1700, 8000),
          ...gst,
        },
        {
          name: 'Water',
          names: { it: 'Acqua', zh: '水' },
          price_minor: 800,
          variants: [
            { name: 'Still', names: { it: 'Naturale', zh: '静水' }, price_minor: 800 },
            { name: 'Sparkling', names: { it: 'Frizzante', zh: '气泡水' }, price_minor: 800 },
          ],
          ...gst,
        },
        {
          name: 'Espresso',
          names: { it: 'Caffè', zh: '浓缩咖啡' },
          price_minor: 450,
          modifiers: [
            {
              name: 'Milk',
              names: { it: 'Latte', zh: '奶' },
              min: 0,
              max: 1,
              options: [
                option('A drop of milk', 'Macchiato', '少许牛奶', 50, ['milk']),
                option('Oat milk', 'Latte d’avena', '燕麦奶', 100, ['gluten']),
                option('Soya milk', 'Latte di soia', '豆奶', 100, ['soya']),
              ],
            },
          ],
          ...gst,
        },
      ],
    },
  ],
}

/** The menus of the demo restaurants, by slug. */
export const demoMenus: Record<string, Menu> = { chianti: chiantiMenu, osteria: osteriaMenu }
