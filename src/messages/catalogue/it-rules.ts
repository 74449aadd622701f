import type { Catalogue } from './catalogue-schema.ts'

export const it: Catalogue = {
  messages: {
    confirmation: {
      subject: 'Il suo tavolo da {house}: {date}, {time}',
      body: 'Il suo tavolo per {party} è prenotato: {date} alle {time}.\n\nIl codice di conferma è {code}.',
      sms: '{house}: tavolo per {party} prenotato, {date} {time}. Codice {code}. Modificare o disdire: {link}',
    },
    pending: {
      subject: 'Abbiamo ricevuto la richiesta: {date}, {time}',
      body: 'Grazie. Ha chiesto un tavolo per {party}: {date} alle {time}. Non è ancora confermato: le faremo sapere.\n\nIl codice è {code}.',
      sms: '{house}: richiesta ricevuta per {party}, {date} {time}. Le faremo sapere. Codice {code}. {link}',
    },
    approved: {
      subject: 'Confermato: il suo tavolo da {house}, {date}, {time}',
      body: 'Il suo tavolo per {party}, {date} alle {time}, è confermato.\n\nIl codice di conferma è {code}.',
      sms: '{house}: confermato, tavolo per {party}, {date} {time}. Codice {code}. Modificare o disdire: {link}',
    },
    changed: {
      subject: 'Modificato: il suo tavolo da {house} è ora {date}, {time}',
      body: 'La prenotazione {code} è cambiata. Ora è per {party}: {date} alle {time}.',
      sms: '{house}: la prenotazione {code} è ora per {party}, {date} {time}. Modificare o disdire: {link}',
    },
    cancelled: {
      subject: 'Annullato: il suo tavolo da {house}, {date}, {time}',
      body: 'La prenotazione {code} per {party}, {date} alle {time}, è annullata. Speriamo di vederla un’altra volta.',
      sms: '{house}: la prenotazione {code}, {date} {time}, è annullata.',
    },
    cancelled_by_house: {
      subject: 'Abbiamo dovuto annullare il suo tavolo: {date}, {time}',
      body: 'Ci dispiace: abbiamo dovuto annullare la prenotazione {code} per {party}, {date} alle {time}. Ci contatti, così troviamo un altro orario.',
      sms: '{house}: ci dispiace, abbiamo dovuto annullare la prenotazione {code}, {date} {time}. Ci contatti.',
    },
    declined: {
      subject: 'Non abbiamo un tavolo per lei: {date}',
      body: 'Ci dispiace: non possiamo offrirle un tavolo per {party}, {date} alle {time}. Saremo lieti di vederla un’altra volta.',
      sms: '{house}: ci dispiace, non abbiamo un tavolo per {party}, {date} {time}.',
    },
    reminder: {
      subject: 'A presto: {date} alle {time}',
      body: 'La aspettiamo: {date} alle {time}, tavolo per {party}. Il codice è {code}.\n\nSe i programmi sono cambiati, ce lo dica: qualcun altro vorrebbe il tavolo.',
      sms: '{house}: la aspettiamo, {date} {time}, tavolo per {party}. Modificare o disdire: {link} STOP: niente più SMS.',
    },
    no_show: {
      subject: 'Ci è mancato: {date}',
      body: 'Le abbiamo tenuto un tavolo, {date} alle {time}, e non l’abbiamo vista. Se è un errore, ce lo dica. Sarà benvenuto un’altra volta.',
      sms: '{house}: la aspettavamo, {date} {time}. Sarà benvenuto un’altra volta.',
    },
    waitlist_joined: {
      subject: 'È in lista d’attesa da {house}',
      body: 'È nella nostra lista d’attesa, tavolo per {party}. {wait}\n\nLe scriviamo appena c’è un tavolo.',
      sms: '{house}: è in lista d’attesa, per {party}. {wait} Il suo posto: {link} STOP: niente più SMS.',
    },
    waitlist_offered: {
      subject: 'Un tavolo per lei da {house}, fino alle {until}',
      body: 'C’è un tavolo per {party}: {date} alle {time}. Lo teniamo per lei fino alle {until}. Lo accetti o lo lasci.',
      sms: '{house}: c’è un tavolo per {party}, {date} {time}, tenuto per lei fino alle {until}. Accetti: {link}',
    },
    waitlist_lapsed: {
      subject: 'Il tavolo da {house} è passato ad altri',
      body: 'Non abbiamo avuto risposta, quindi il tavolo è passato al prossimo in lista.',
      sms: '{house}: senza risposta il tavolo è passato al prossimo in lista. {link}',
    },
    series_booked: {
      subject: 'Le sue {count} date da {house}',
      body: 'Prenotato per {party}, sempre alle {time}:\n\n{dates}',
      sms: '{house}: {count} date prenotate per {party} alle {time}, da {first} a {last}.',
    },
    series_changed: {
      subject: 'Le sue date da {house} sono cambiate',
      body: 'Queste sono ora le sue date, per {party} alle {time}:\n\n{dates}',
      sms: '{house}: le sue date sono cambiate. Ora {count}, per {party} alle {time}, da {first} a {last}.',
    },
    series_cancelled: {
      subject: 'Le sue date da {house} sono annullate',
      body: 'Le date della sua serie ancora da venire sono annullate.',
      sms: '{house}: le date ancora da venire sono annullate.',
    },
  },
  hello: 'Buongiorno {name},',
  hello_nobody: 'Buongiorno,',
  manage: 'Modificare o disdire',
  place: 'Vedere il suo posto',
  offer: 'Accettare il tavolo, o lasciarlo',
  call: 'Domande? Chiami il {phone}.',
  no_more_reminders: 'Niente più promemoria',
  wait: 'L’attesa è di circa {min}-{max} minuti.',
  wait_unknown: 'Non sappiamo ancora quanto ci vorrà.',
  series_missing: 'Non disponibili: {missing}.',
  stopped: 'Non riceverà più SMS da noi. Risponda START per riceverli di nuovo.',
  started: 'Riceverà di nuovo i nostri SMS. Risponda STOP per non riceverne più.',
  help: 'Questo numero non viene letto. Usi il link che le abbiamo inviato. Risponda STOP per non ricevere più SMS.',
}
