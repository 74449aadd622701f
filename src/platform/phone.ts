import { isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/min'

/** E.164, reading a national number in the restaurant's country; null where it cannot be one. */
export function toE164(phone: string, country: string): string | null {
  const number = parsePhoneNumberFromString(phone, isSupportedCountry(country) ? country : undefined)
  return number?.isPossible() ? number.number : null
}
