import { allTenantScopes } from '../../src/access/schema.ts'
import { editedSettings } from '../../src/restaurants/rules.ts'
import { defaultSettings } from '../../src/restaurants/schema.ts'

const table = (
  number: string,
  seats: number,
  area: string,
  x: number,
  y: number,
  min_party = 1,
): Record<string, unknown> => ({
  number,
  seats,
  min_party,
  area,
  position: { x, y },
  enabled: true,
})

const key = (prefix: string): Record<string, unknown> => ({
  name: 'Local key',
  prefix,
  scopes: allTenantScopes,
  rate_per_minute: 100_000,
})

export const demoHouses = [
  {
    secret: 'tsk_local_chianti',
    seed: 7,
    key: key('tsk_local_ch'),
    restaurant: {
      slug: 'chianti',
      name: 'Chianti',
      timezone: 'Asia/Singapore',
      country: 'SG',
      currency: 'SGD',
      email: 'owner@chianti.test',
      phone: '+6562200123',
      address: '28 Duxton Road, Singapore 089495',
      languages: ['en', 'it', 'zh'],
      settings: editedSettings(defaultSettings, {
        last_seating_minutes: 60,
        horizon_days: 90,
        max_party: 16,
        pacing: { max_covers_per_slot: 24 },
        messages: { mail: 'on', sms: 'on' },
      }),
      hours: [
        { days: [2, 3, 4, 5, 6, 7], opens: '11:30', closes: '15:00' },
        { days: [2, 3, 4, 7], opens: '18:00', closes: '23:00' },
        { days: [5, 6], opens: '18:00', closes: '01:00' },
      ],
      special_days: [],
      tables: [
        ...Array.from({ length: 8 }, (_, i) => table(`${i + 1}`, 2, 'window', 60 + i * 90, 60)),
        ...Array.from({ length: 8 }, (_, i) => table(`${i + 9}`, 4, 'main room', 60 + i * 90, 200, i < 6 ? 1 : 3)),
        ...Array.from({ length: 3 }, (_, i) => table(`${i + 17}`, 6, 'main room', 80 + i * 150, 340, 4)),
        ...Array.from({ length: 4 }, (_, i) => table(`T${i + 1}`, 4, 'terrace', 60 + i * 90, 480)),
        table('P', 12, 'private room', 560, 420, 8),
      ],
    },
  },
  {
    secret: 'tsk_local_osteria',
    seed: 11,
    key: key('tsk_local_os'),
    restaurant: {
      slug: 'osteria',
      name: 'Osteria',
      timezone: 'America/New_York',
      country: 'US',
      currency: 'USD',
      email: 'owner@osteria.test',
      phone: '+12125550147',
      address: '41 Bond Street, New York, NY 10012',
      languages: ['en', 'es'],
      settings: editedSettings(defaultSettings, {
        slot_minutes: 15,
        buffer_minutes: 15,
        approval: 'manual',
        messages: { mail: 'on', sms: 'on' },
        max_party: 8,
      }),
      hours: [{ days: [1, 2, 3, 4, 5, 6], opens: '17:00', closes: '23:30' }],
      special_days: [],
      tables: [
        ...Array.from({ length: 6 }, (_, i) => table(`${i + 1}`, 2, 'bar', 60 + i * 90, 60)),
        ...Array.from({ length: 5 }, (_, i) => table(`${i + 7}`, 4, 'dining room', 60 + i * 110, 220)),
        table('12', 8, 'dining room', 300, 380, 5),
      ],
    },
  },
]
