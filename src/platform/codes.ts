import { isSupportedCountry } from 'libphonenumber-js/min'

/** ISO 3166, of the countries that have telephones. */
export function isCountry(code: string): boolean {
  return /^[A-Z]{2}$/.test(code) && isSupportedCountry(code)
}

/** ISO 4217, as this runtime knows it. */
export function isCurrency(code: string): boolean {
  return /^[A-Z]{3}$/.test(code) && Intl.supportedValuesOf('currency').includes(code)
}
