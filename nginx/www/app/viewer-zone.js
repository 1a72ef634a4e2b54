/*
 * viewer-zone - the time zone of whoever looks, under the name that the tz database gives it now.
 *
 * Browsers keep the names of their first release for ever; people in Kolkata would read Calcutta.
 */

const RENAMED = {
  'Africa/Asmera': 'Africa/Asmara',
  'America/Buenos_Aires': 'America/Argentina/Buenos_Aires',
  'America/Catamarca': 'America/Argentina/Catamarca',
  'America/Coral_Harbour': 'America/Atikokan',
  'America/Cordoba': 'America/Argentina/Cordoba',
  'America/Godthab': 'America/Nuuk',
  'America/Indianapolis': 'America/Indiana/Indianapolis',
  'America/Jujuy': 'America/Argentina/Jujuy',
  'America/Louisville': 'America/Kentucky/Louisville',
  'America/Mendoza': 'America/Argentina/Mendoza',
  'Asia/Calcutta': 'Asia/Kolkata',
  'Asia/Katmandu': 'Asia/Kathmandu',
  'Asia/Rangoon': 'Asia/Yangon',
  'Asia/Saigon': 'Asia/Ho_Chi_Minh',
  'Atlantic/Faeroe': 'Atlantic/Faroe',
  'Europe/Kiev': 'Europe/Kyiv',
  'Pacific/Enderbury': 'Pacific/Kanton',
  'Pacific/Ponape': 'Pacific/Pohnpei',
  'Pacific/Truk': 'Pacific/Chuuk',
};

/* The newer name, where this browser understands it. */
function renamed(zone) {
  try {
    const name = RENAMED[zone] ?? zone;
    Intl.DateTimeFormat('en', { timeZone: name });
    return name;
  } catch {
    return zone;
  }
}

export const VIEWER = renamed(Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC');
