import * as z from 'zod'
import { Email, Id, text, Version } from '../platform/text.ts'
import { Role, Scope } from './schema.ts'

const LoginEmail = z.string().trim().toLowerCase().pipe(Email)
const Name = text(120)
/** What somebody typed, whatever it is; what may become a password is R90's to say. */
const Secret = z.string().min(1).max(500)
const Slug = z
  .string()
  .regex(/^[a-z0-9-]{1,63}$/)
  .meta({ description: 'Which restaurant, where the e-mail works in several' })
const LinkToken = z
  .string()
  .regex(/^[\w-]{43}$/, 'is no token of a link')
  .meta({ description: 'The end of the link that was mailed' })

/** R90. Long enough; what is too common is refused by the rules, which know whose password it is to be. */
export const NewPassword = z
  .string()
  .max(200)
  .refine((value) => value.normalize('NFKC').length >= 10, 'must have at least 10 characters')
  .refine((value) => value.isWellFormed(), 'must be well-formed Unicode')

export const Staff = z
  .object({
    id: Id,
    restaurant_id: Id,
    email: z.string(),
    name: z.string(),
    role: Role,
    status: z.enum(['invited', 'active', 'disabled']),
    invitation: z
      .object({ expires_at: z.string(), mailed_at: z.string().nullable() })
      .nullable()
      .meta({ description: 'The link they were mailed last, until it is used; null mailed_at: not gone out yet' }),
    last_sign_in_at: z.string().nullable(),
    version: z.int(),
    created_at: z.string(),
    updated_at: z.string(),
    disabled_at: z.string().nullable(),
  })
  .meta({ id: 'Staff' })
export type Staff = z.infer<typeof Staff>

export const NewStaff = z.strictObject({ email: LoginEmail, name: Name, role: Role }).meta({ id: 'NewStaff' })
export type NewStaff = z.infer<typeof NewStaff>

export const StaffEdit = z
  .strictObject({
    name: Name.optional(),
    role: Role.optional(),
    disabled: z.boolean().optional(),
    version: Version.optional(),
  })
  .meta({ id: 'StaffEdit' })
export type StaffEdit = z.infer<typeof StaffEdit>

export const SignIn = z
  .strictObject({ email: LoginEmail, password: Secret, restaurant: Slug.optional() })
  .meta({ id: 'SignIn' })
export type SignIn = z.infer<typeof SignIn>

const House = z.object({ id: Id, slug: z.string(), name: z.string(), timezone: z.string() })
/** Who is signed in, and what they may do. The tokens are in cookies alone. */
export const SignedIn = z
  .object({
    staff: Staff.pick({ id: true, email: true, name: true, role: true }),
    restaurant: House,
    scopes: z.array(Scope),
    access_expires_at: z.string(),
  })
  .meta({ id: 'SignedIn' })
export type SignedIn = z.infer<typeof SignedIn>

export const PasswordChange = z
  .strictObject({ password: Secret, new_password: NewPassword })
  .meta({ id: 'PasswordChange' })
export type PasswordChange = z.infer<typeof PasswordChange>

export const ResetRequest = z
  .strictObject({ email: LoginEmail, restaurant: Slug.optional() })
  .meta({ id: 'ResetRequest' })
export type ResetRequest = z.infer<typeof ResetRequest>

export const InvitationLook = z.strictObject({ token: LinkToken }).meta({ id: 'InvitationLook' })
export const Invitation = z
  .object({ email: z.string(), name: z.string(), role: Role, restaurant: House, expires_at: z.string() })
  .meta({ id: 'Invitation' })
export type Invitation = z.infer<typeof Invitation>

export const Redemption = z.strictObject({ token: LinkToken, password: NewPassword }).meta({ id: 'Redemption' })
export type Redemption = z.infer<typeof Redemption>

export const Done = z.object({ done: z.literal(true) })
