import type { Catalogue } from './catalogue-schema.ts'

export const en: Catalogue = {
  messages: {
    confirmation: {
      subject: 'Your table at {house}: {date}, {time}',
      body: 'Your table for {party} is booked for {date} at {time}.\n\nYour confirmation code is {code}.',
      sms: '{house}: table for {party} booked, {date} {time}. Code {code}. Change or cancel: {link}',
    },
    pending: {
      subject: 'We have your request: {date}, {time}',
      body: 'Thank you. You asked for a table for {party} on {date} at {time}. It is not confirmed yet: you will hear from us.\n\nYour code is {code}.',
      sms: '{house}: we have your request for {party}, {date} {time}. We will confirm it. Code {code}. {link}',
    },
    approved: {
      subject: 'Confirmed: your table at {house}, {date}, {time}',
      body: 'Your table for {party} on {date} at {time} is confirmed.\n\nYour confirmation code is {code}.',
      sms: '{house}: confirmed, table for {party}, {date} {time}. Code {code}. Change or cancel: {link}',
    },
    changed: {
      subject: 'Changed: your table at {house} is now {date}, {time}',
      body: 'Your reservation {code} was changed. It is now for {party} on {date} at {time}.',
      sms: '{house}: your reservation {code} is now for {party}, {date} {time}. Change or cancel: {link}',
    },
    cancelled: {
      subject: 'Cancelled: your table at {house}, {date}, {time}',
      body: 'Your reservation {code} for {party} on {date} at {time} is cancelled. We hope to see you another time.',
      sms: '{house}: your reservation {code} for {date} {time} is cancelled.',
    },
    cancelled_by_house: {
      subject: 'We had to cancel your table: {date}, {time}',
      body: 'We are sorry: we had to cancel your reservation {code} for {party} on {date} at {time}. Please get in touch, so that we can find another time.',
      sms: '{house}: we are sorry, we had to cancel your reservation {code} for {date} {time}. Please get in touch.',
    },
    declined: {
      subject: 'We have no table for you on {date}',
      body: 'We are sorry: we cannot offer you a table for {party} on {date} at {time}. We would be glad to see you another time.',
      sms: '{house}: we are sorry, we have no table for {party} on {date} {time}.',
    },
    reminder: {
      subject: 'See you {date} at {time}',
      body: 'We look forward to seeing you: {date} at {time}, a table for {party}. Your code is {code}.\n\nIf your plans have changed, please tell us: somebody else would like the table.',
      sms: '{house}: see you {date} {time}, table for {party}. Change or cancel: {link} Reply STOP for no more texts.',
    },
    no_show: {
      subject: 'We missed you on {date}',
      body: 'We kept a table for you on {date} at {time} and did not see you. If it was a mistake, please tell us. You are welcome another time.',
      sms: '{house}: we missed you on {date} {time}. You are welcome another time.',
    },
    waitlist_joined: {
      subject: 'You are on the waitlist of {house}',
      body: 'You are on our waitlist, a party of {party}. {wait}\n\nWe write as soon as there is a table.',
      sms: '{house}: you are on the waitlist, party of {party}. {wait} Your place: {link} Reply STOP for no more texts.',
    },
    waitlist_offered: {
      subject: 'A table for you at {house}, kept until {until}',
      body: 'There is a table for {party}: {date} at {time}. We keep it for you until {until}. Please take it or let it go.',
      sms: '{house}: there is a table for {party}, {date} {time}, kept for you until {until}. Take it: {link}',
    },
    waitlist_lapsed: {
      subject: 'The table at {house} was given on',
      body: 'We did not hear from you, so the table went to the next in line.',
      sms: '{house}: we did not hear from you, the table went to the next in line. {link}',
    },
    series_booked: {
      subject: 'Your {count} dates at {house}',
      body: 'Booked for {party}, each at {time}:\n\n{dates}',
      sms: '{house}: {count} dates booked for {party} at {time}, from {first} to {last}.',
    },
    series_changed: {
      subject: 'Your dates at {house} have changed',
      body: 'These are your dates now, for {party} at {time}:\n\n{dates}',
      sms: '{house}: your dates have changed. Now {count}, for {party} at {time}, from {first} to {last}.',
    },
    series_cancelled: {
      subject: 'Your dates at {house} are cancelled',
      body: 'The dates of your series that were still to come are cancelled.',
      sms: '{house}: your dates still to come are cancelled.',
    },
  },
  hello: 'Hello {name},',
  hello_nobody: 'Hello,',
  manage: 'Change or cancel',
  place: 'See your place',
  offer: 'Take the table, or let it go',
  call: 'Questions? Call {phone}.',
  no_more_reminders: 'No more reminders',
  wait: 'The wait is about {min} to {max} minutes.',
  wait_unknown: 'We cannot say yet how long it will be.',
  series_missing: 'These could not be had: {missing}.',
  stopped: 'You will get no more texts from us. Reply START to get them again.',
  started: 'You will get our texts again. Reply STOP to end them.',
  help: 'This number is not read. Please use the link we sent you. Reply STOP for no more texts.',
}
