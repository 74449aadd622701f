import type { Catalogue } from './catalogue-schema.ts'

export const fr: Catalogue = {
  messages: {
    confirmation: {
      subject: 'Votre table à {house} : {date}, {time}',
      body: 'Votre table pour {party} est réservée : {date} à {time}.\n\nVotre code de confirmation est {code}.',
      sms: '{house} : table pour {party} réservée, {date} {time}. Code {code}. Modifier ou annuler : {link}',
    },
    pending: {
      subject: 'Nous avons reçu votre demande : {date}, {time}',
      body: 'Merci. Vous avez demandé une table pour {party}, {date} à {time}. Elle n’est pas encore confirmée : vous aurez de nos nouvelles.\n\nVotre code est {code}.',
      sms: '{house} : demande reçue pour {party}, {date} {time}. Nous vous répondrons. Code {code}. {link}',
    },
    approved: {
      subject: 'Confirmée : votre table à {house}, {date}, {time}',
      body: 'Votre table pour {party}, {date} à {time}, est confirmée.\n\nVotre code de confirmation est {code}.',
      sms: '{house} : confirmée, table pour {party}, {date} {time}. Code {code}. Modifier ou annuler : {link}',
    },
    changed: {
      subject: 'Modifiée : votre table à {house}, désormais {date}, {time}',
      body: 'Votre réservation {code} a été modifiée. Elle est maintenant pour {party}, {date} à {time}.',
      sms: '{house} : votre réservation {code} est maintenant pour {party}, {date} {time}. Modifier ou annuler : {link}',
    },
    cancelled: {
      subject: 'Annulée : votre table à {house}, {date}, {time}',
      body: 'Votre réservation {code} pour {party}, {date} à {time}, est annulée. Nous espérons vous voir une autre fois.',
      sms: '{house} : votre réservation {code}, {date} {time}, est annulée.',
    },
    cancelled_by_house: {
      subject: 'Nous avons dû annuler votre table : {date}, {time}',
      body: 'Nous sommes désolés : nous avons dû annuler votre réservation {code} pour {party}, {date} à {time}. Contactez-nous pour trouver une autre heure.',
      sms: '{house} : désolés, nous avons dû annuler votre réservation {code}, {date} {time}. Contactez-nous.',
    },
    declined: {
      subject: 'Nous n’avons pas de table pour vous : {date}',
      body: 'Nous sommes désolés : nous ne pouvons pas vous offrir de table pour {party}, {date} à {time}. Nous serions heureux de vous voir une autre fois.',
      sms: '{house} : désolés, nous n’avons pas de table pour {party}, {date} {time}.',
    },
    reminder: {
      subject: 'À bientôt : {date} à {time}',
      body: 'Nous nous réjouissons de vous voir : {date} à {time}, table pour {party}. Votre code est {code}.\n\nSi vos plans ont changé, dites-le-nous : quelqu’un d’autre aimerait la table.',
      sms: '{house} : à bientôt, {date} {time}, table pour {party}. Modifier ou annuler : {link} STOP : plus de SMS.',
    },
    no_show: {
      subject: 'Vous nous avez manqué : {date}',
      body: 'Nous vous avons gardé une table, {date} à {time}, et ne vous avons pas vus. Si c’est une erreur, dites-le-nous. Vous êtes les bienvenus une autre fois.',
      sms: '{house} : vous nous avez manqué, {date} {time}. Vous êtes les bienvenus une autre fois.',
    },
    waitlist_joined: {
      subject: 'Vous êtes sur la liste d’attente de {house}',
      body: 'Vous êtes sur notre liste d’attente, table pour {party}. {wait}\n\nNous vous écrivons dès qu’il y a une table.',
      sms: '{house} : vous êtes sur la liste d’attente, pour {party}. {wait} Votre place : {link} STOP : plus de SMS.',
    },
    waitlist_offered: {
      subject: 'Une table pour vous à {house}, gardée jusqu’à {until}',
      body: 'Il y a une table pour {party} : {date} à {time}. Nous vous la gardons jusqu’à {until}. Prenez-la ou laissez-la.',
      sms: '{house} : une table pour {party}, {date} {time}, gardée pour vous jusqu’à {until}. La prendre : {link}',
    },
    waitlist_lapsed: {
      subject: 'La table à {house} est allée à quelqu’un d’autre',
      body: 'Sans nouvelles de vous, nous avons donné la table au suivant.',
      sms: '{house} : sans nouvelles de vous, nous avons donné la table au suivant. {link}',
    },
    series_booked: {
      subject: 'Vos {count} dates à {house}',
      body: 'Réservé pour {party}, chaque fois à {time} :\n\n{dates}',
      sms: '{house} : {count} dates réservées pour {party} à {time}, de {first} à {last}.',
    },
    series_changed: {
      subject: 'Vos dates à {house} ont changé',
      body: 'Voici vos dates, pour {party} à {time} :\n\n{dates}',
      sms: '{house} : vos dates ont changé. Maintenant {count}, pour {party} à {time}, de {first} à {last}.',
    },
    series_cancelled: {
      subject: 'Vos dates à {house} sont annulées',
      body: 'Les dates de votre série qui étaient à venir sont annulées.',
      sms: '{house} : vos dates à venir sont annulées.',
    },
  },
  hello: 'Bonjour {name},',
  hello_nobody: 'Bonjour,',
  manage: 'Modifier ou annuler',
  place: 'Voir votre place',
  offer: 'Prendre la table, ou la laisser',
  call: 'Des questions ? Appelez le {phone}.',
  no_more_reminders: 'Plus de rappels',
  wait: 'L’attente est d’environ {min} à {max} minutes.',
  wait_unknown: 'Nous ne savons pas encore combien de temps.',
  series_missing: 'N’ont pas pu être réservées : {missing}.',
  stopped: 'Vous ne recevrez plus de SMS de notre part. Répondez REPRENDRE pour en recevoir à nouveau.',
  started: 'Vous recevrez à nouveau nos SMS. Répondez STOP pour ne plus en recevoir.',
  help: 'Ce numéro n’est pas lu. Utilisez le lien que nous vous avons envoyé. Répondez STOP pour ne plus recevoir de SMS.',
}
