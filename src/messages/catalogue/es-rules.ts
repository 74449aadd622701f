import type { Catalogue } from './catalogue-schema.ts'

export const es: Catalogue = {
  messages: {
    confirmation: {
      subject: 'Su mesa en {house}: {date}, {time}',
      body: 'Su mesa para {party} está reservada: {date} a las {time}.\n\nSu código de confirmación es {code}.',
      sms: '{house}: mesa para {party} reservada, {date} {time}. Código {code}. Cambiar o cancelar: {link}',
    },
    pending: {
      subject: 'Hemos recibido su solicitud: {date}, {time}',
      body: 'Gracias. Ha pedido una mesa para {party}: {date} a las {time}. Todavía no está confirmada; le avisaremos.\n\nSu código es {code}.',
      sms: '{house}: recibimos su solicitud para {party}, {date} {time}. Le confirmaremos. Código {code}. {link}',
    },
    approved: {
      subject: 'Confirmada: su mesa en {house}, {date}, {time}',
      body: 'Su mesa para {party}, {date} a las {time}, está confirmada.\n\nSu código de confirmación es {code}.',
      sms: '{house}: confirmada, mesa para {party}, {date} {time}. Código {code}. Cambiar o cancelar: {link}',
    },
    changed: {
      subject: 'Cambio: su mesa en {house} es ahora {date}, {time}',
      body: 'Su reserva {code} ha cambiado. Ahora es para {party}: {date} a las {time}.',
      sms: '{house}: su reserva {code} es ahora para {party}, {date} {time}. Cambiar o cancelar: {link}',
    },
    cancelled: {
      subject: 'Cancelada: su mesa en {house}, {date}, {time}',
      body: 'Su reserva {code} para {party}, {date} a las {time}, está cancelada. Esperamos verle en otra ocasión.',
      sms: '{house}: su reserva {code} de {date} {time} está cancelada.',
    },
    cancelled_by_house: {
      subject: 'Hemos tenido que cancelar su mesa: {date}, {time}',
      body: 'Lo sentimos: hemos tenido que cancelar su reserva {code} para {party}, {date} a las {time}. Póngase en contacto con nosotros para encontrar otra hora.',
      sms: '{house}: lo sentimos, hemos tenido que cancelar su reserva {code} de {date} {time}. Contacte con nosotros.',
    },
    declined: {
      subject: 'No tenemos mesa para usted: {date}',
      body: 'Lo sentimos: no podemos ofrecerle una mesa para {party}, {date} a las {time}. Nos alegraría verle en otra ocasión.',
      sms: '{house}: lo sentimos, no tenemos mesa para {party}, {date} {time}.',
    },
    reminder: {
      subject: 'Le esperamos: {date} a las {time}',
      body: 'Le esperamos: {date} a las {time}, mesa para {party}. Su código es {code}.\n\nSi ha cambiado de planes, díganoslo, por favor: otra persona querría la mesa.',
      sms: '{house}: le esperamos, {date} {time}, mesa para {party}. Cambiar o cancelar: {link} BAJA: no más SMS.',
    },
    no_show: {
      subject: 'Le echamos de menos: {date}',
      body: 'Le guardamos una mesa, {date} a las {time}, y no le vimos. Si ha sido un error, díganoslo. Será bienvenido en otra ocasión.',
      sms: '{house}: le esperamos, {date} {time}, y no le vimos. Será bienvenido en otra ocasión.',
    },
    waitlist_joined: {
      subject: 'Está en la lista de espera de {house}',
      body: 'Está en nuestra lista de espera, mesa para {party}. {wait}\n\nLe escribiremos en cuanto haya una mesa.',
      sms: '{house}: está en la lista de espera, para {party}. {wait} Su lugar: {link} BAJA: no más SMS.',
    },
    waitlist_offered: {
      subject: 'Una mesa para usted en {house}, hasta las {until}',
      body: 'Hay una mesa para {party}: {date} a las {time}. Se la guardamos hasta las {until}. Acéptela o déjela ir.',
      sms: '{house}: hay una mesa para {party}, {date} {time}, reservada para usted hasta las {until}. Acepte: {link}',
    },
    waitlist_lapsed: {
      subject: 'La mesa de {house} pasó a otra persona',
      body: 'No tuvimos respuesta, así que la mesa pasó al siguiente de la lista.',
      sms: '{house}: no tuvimos respuesta, la mesa pasó al siguiente de la lista. {link}',
    },
    series_booked: {
      subject: 'Sus {count} fechas en {house}',
      body: 'Reservado para {party}, siempre a las {time}:\n\n{dates}',
      sms: '{house}: {count} fechas reservadas para {party} a las {time}, de {first} a {last}.',
    },
    series_changed: {
      subject: 'Sus fechas en {house} han cambiado',
      body: 'Estas son ahora sus fechas, para {party} a las {time}:\n\n{dates}',
      sms: '{house}: sus fechas han cambiado. Ahora {count}, para {party} a las {time}, de {first} a {last}.',
    },
    series_cancelled: {
      subject: 'Sus fechas en {house} están canceladas',
      body: 'Las fechas de su serie que quedaban por venir están canceladas.',
      sms: '{house}: las fechas que quedaban están canceladas.',
    },
  },
  hello: 'Hola, {name}:',
  hello_nobody: 'Hola:',
  manage: 'Cambiar o cancelar',
  place: 'Ver su lugar',
  offer: 'Aceptar la mesa o dejarla ir',
  call: '¿Preguntas? Llame al {phone}.',
  no_more_reminders: 'No recibir más recordatorios',
  wait: 'La espera es de unos {min} a {max} minutos.',
  wait_unknown: 'Aún no sabemos cuánto tardará.',
  series_missing: 'No fue posible: {missing}.',
  stopped: 'No recibirá más SMS nuestros. Responda ALTA para recibirlos de nuevo.',
  started: 'Recibirá de nuevo nuestros SMS. Responda BAJA para dejar de recibirlos.',
  help: 'Nadie lee este número. Use el enlace que le enviamos. Responda BAJA para no recibir más SMS.',
}
