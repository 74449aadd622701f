import { busyWeek, hangUps } from './scenarios/busy-week.ts'
import { combinations } from './scenarios/combinations.ts'
import { doors } from './scenarios/doors.ts'
import { duels } from './scenarios/duels.ts'
import { faultScenarios } from './scenarios/faults.ts'
import { holds } from './scenarios/holds.ts'
import { keys } from './scenarios/keys.ts'
import { moves } from './scenarios/moves.ts'
import { pacing } from './scenarios/pacing.ts'
import { phones } from './scenarios/phones.ts'
import { sameSlot } from './scenarios/same-slot.ts'
import { staggered } from './scenarios/staggered.ts'
import { tenants } from './scenarios/tenants.ts'
import type { Scenario } from './stage.ts'

export const scenarios: Scenario[] = [
  sameSlot,
  staggered,
  combinations,
  pacing,
  holds,
  moves,
  tenants,
  keys,
  phones,
  duels,
  doors,
  busyWeek,
  hangUps,
  ...faultScenarios,
]
