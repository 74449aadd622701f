/** What the product's words promise, written down here once more and not taken from its code. */

/** How long a party keeps its table by default: 2→90, 4→105, 6→120, more→150. */
export function turnMinutes(party_size: number): number {
  if (party_size <= 2) return 90
  if (party_size <= 4) return 105
  return party_size <= 6 ? 120 : 150
}

/** Every restaurant of a replay clears and lays for so long, so that the claim is longer than the visit. */
export const buffer_minutes = 15

export function takenMinutes(party_size: number): number {
  return turnMinutes(party_size) + buffer_minutes
}
