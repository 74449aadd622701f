import type { Catalogue } from './catalogue-schema.ts'

export const de: Catalogue = {
  messages: {
    confirmation: {
      subject: 'Ihr Tisch im {house}: {date}, {time}',
      body: 'Ihr Tisch für {party} ist reserviert: {date} um {time}.\n\nIhr Bestätigungscode ist {code}.',
      sms: '{house}: Tisch für {party} reserviert, {date} {time}. Code {code}. Ändern oder absagen: {link}',
    },
    pending: {
      subject: 'Wir haben Ihre Anfrage: {date}, {time}',
      body: 'Danke. Sie haben um einen Tisch für {party} gebeten: {date} um {time}. Er ist noch nicht bestätigt: Sie hören von uns.\n\nIhr Code ist {code}.',
      sms: '{house}: Ihre Anfrage für {party}, {date} {time}, ist da. Wir melden uns. Code {code}. {link}',
    },
    approved: {
      subject: 'Bestätigt: Ihr Tisch im {house}, {date}, {time}',
      body: 'Ihr Tisch für {party}, {date} um {time}, ist bestätigt.\n\nIhr Bestätigungscode ist {code}.',
      sms: '{house}: bestätigt, Tisch für {party}, {date} {time}. Code {code}. Ändern oder absagen: {link}',
    },
    changed: {
      subject: 'Geändert: Ihr Tisch im {house} ist jetzt {date}, {time}',
      body: 'Ihre Reservierung {code} wurde geändert. Sie ist jetzt für {party}: {date} um {time}.',
      sms: '{house}: Ihre Reservierung {code} ist jetzt für {party}, {date} {time}. Ändern oder absagen: {link}',
    },
    cancelled: {
      subject: 'Storniert: Ihr Tisch im {house}, {date}, {time}',
      body: 'Ihre Reservierung {code} für {party}, {date} um {time}, ist storniert. Wir freuen uns auf ein anderes Mal.',
      sms: '{house}: Ihre Reservierung {code}, {date} {time}, ist storniert.',
    },
    cancelled_by_house: {
      subject: 'Wir mussten Ihren Tisch absagen: {date}, {time}',
      body: 'Es tut uns leid: Wir mussten Ihre Reservierung {code} für {party}, {date} um {time}, absagen. Bitte melden Sie sich, damit wir eine andere Zeit finden.',
      sms: '{house}: Es tut uns leid, wir mussten Ihre Reservierung {code}, {date} {time}, absagen. Bitte melden Sie sich.',
    },
    declined: {
      subject: 'Wir haben keinen Tisch für Sie: {date}',
      body: 'Es tut uns leid: Wir können Ihnen keinen Tisch für {party}, {date} um {time}, anbieten. Wir freuen uns auf ein anderes Mal.',
      sms: '{house}: Es tut uns leid, wir haben keinen Tisch für {party}, {date} {time}.',
    },
    reminder: {
      subject: 'Bis bald: {date} um {time}',
      body: 'Wir freuen uns auf Sie: {date} um {time}, ein Tisch für {party}. Ihr Code ist {code}.\n\nWenn sich Ihre Pläne geändert haben, sagen Sie uns bitte Bescheid: Jemand anderes hätte den Tisch gern.',
      sms: '{house}: bis bald, {date} {time}, Tisch für {party}. Ändern oder absagen: {link} STOPP: keine SMS mehr.',
    },
    no_show: {
      subject: 'Wir haben Sie vermisst: {date}',
      body: 'Wir hatten einen Tisch für Sie, {date} um {time}, und haben Sie nicht gesehen. Wenn das ein Irrtum ist, sagen Sie es uns bitte. Sie sind ein anderes Mal willkommen.',
      sms: '{house}: Wir haben Sie vermisst, {date} {time}. Sie sind ein anderes Mal willkommen.',
    },
    waitlist_joined: {
      subject: 'Sie stehen auf der Warteliste im {house}',
      body: 'Sie stehen auf unserer Warteliste, Tisch für {party}. {wait}\n\nWir schreiben Ihnen, sobald ein Tisch frei ist.',
      sms: '{house}: Sie stehen auf der Warteliste, für {party}. {wait} Ihr Platz: {link} STOPP: keine SMS mehr.',
    },
    waitlist_offered: {
      subject: 'Ein Tisch für Sie im {house}, bis {until}',
      body: 'Es gibt einen Tisch für {party}: {date} um {time}. Wir halten ihn für Sie bis {until}. Bitte nehmen Sie ihn an oder geben Sie ihn frei.',
      sms: '{house}: ein Tisch für {party}, {date} {time}, für Sie gehalten bis {until}. Annehmen: {link}',
    },
    waitlist_lapsed: {
      subject: 'Der Tisch im {house} wurde weitergegeben',
      body: 'Wir haben nichts von Ihnen gehört, daher ging der Tisch an die Nächsten.',
      sms: '{house}: wir haben nichts von Ihnen gehört, der Tisch ging an die Nächsten. {link}',
    },
    series_booked: {
      subject: 'Ihre {count} Termine im {house}',
      body: 'Reserviert für {party}, jeweils um {time}:\n\n{dates}',
      sms: '{house}: {count} Termine für {party} um {time} reserviert, von {first} bis {last}.',
    },
    series_changed: {
      subject: 'Ihre Termine im {house} haben sich geändert',
      body: 'Dies sind jetzt Ihre Termine, für {party} um {time}:\n\n{dates}',
      sms: '{house}: Ihre Termine haben sich geändert. Jetzt {count}, für {party} um {time}, von {first} bis {last}.',
    },
    series_cancelled: {
      subject: 'Ihre Termine im {house} sind storniert',
      body: 'Die noch ausstehenden Termine Ihrer Reihe sind storniert.',
      sms: '{house}: Ihre noch ausstehenden Termine sind storniert.',
    },
  },
  hello: 'Guten Tag {name},',
  hello_nobody: 'Guten Tag,',
  manage: 'Ändern oder absagen',
  place: 'Ihr Platz in der Warteliste',
  offer: 'Den Tisch annehmen oder freigeben',
  call: 'Fragen? Rufen Sie uns an: {phone}.',
  no_more_reminders: 'Keine Erinnerungen mehr',
  wait: 'Die Wartezeit ist etwa {min} bis {max} Minuten.',
  wait_unknown: 'Wie lange es dauert, wissen wir noch nicht.',
  series_missing: 'Nicht zu haben waren: {missing}.',
  stopped: 'Sie bekommen keine SMS mehr von uns. Antworten Sie START, um sie wieder zu bekommen.',
  started: 'Sie bekommen unsere SMS wieder. Antworten Sie STOPP, um sie zu beenden.',
  help: 'Diese Nummer liest niemand. Bitte nehmen Sie den Link, den wir geschickt haben. STOPP: keine SMS mehr.',
}
