import type { DemoAppointment } from './types.js'

export const demoAppointments: DemoAppointment[] = [
  // Behind the direct conversations
  { externalId: 'appt-01', patient: 'amal', doctor: 'dr-osman', status: 'COMPLETED', daysFromNow: -13 },
  { externalId: 'appt-02', patient: 'amal', doctor: 'dr-osman', status: 'SCHEDULED', daysFromNow: 9 },
  { externalId: 'appt-03', patient: 'greta', doctor: 'dr-novak', status: 'COMPLETED', daysFromNow: -22 },
  { externalId: 'appt-04', patient: 'priya', doctor: 'dr-rao', status: 'SCHEDULED', daysFromNow: 6 },
  { externalId: 'appt-05', patient: 'yusuf', doctor: 'dr-osman', status: 'COMPLETED', daysFromNow: -8 },
  { externalId: 'appt-06', patient: 'mona', doctor: 'dr-mansour', status: 'COMPLETED', daysFromNow: -4 },
  { externalId: 'appt-07', patient: 'tariq', doctor: 'dr-rao', status: 'SCHEDULED', daysFromNow: 12 },
  { externalId: 'appt-08', patient: 'pieter', doctor: 'dr-lindqvist', status: 'COMPLETED', daysFromNow: -41 },
  { externalId: 'appt-09', patient: 'samira', doctor: 'dr-mansour', status: 'SCHEDULED', daysFromNow: 3 },
  { externalId: 'appt-10', patient: 'olena', doctor: 'dr-novak', status: 'SCHEDULED', daysFromNow: 2 },
  { externalId: 'appt-11', patient: 'greta', doctor: 'dr-lindqvist', status: 'SCHEDULED', daysFromNow: 15 },
  { externalId: 'appt-12', patient: 'samira', doctor: 'dr-osman', status: 'SCHEDULED', daysFromNow: 20 },
  { externalId: 'appt-13', patient: 'tariq', doctor: 'dr-lindqvist', status: 'COMPLETED', daysFromNow: -18 },
  // Cancelled, and the only one of the two: the old conversation stays readable, nothing can be sent
  { externalId: 'appt-14', patient: 'pieter', doctor: 'dr-novak', status: 'CANCELLED', daysFromNow: -60 },
  // Without a conversation yet
  { externalId: 'appt-15', patient: 'amal', doctor: 'dr-lindqvist', status: 'COMPLETED', daysFromNow: -90 },
  { externalId: 'appt-16', patient: 'priya', doctor: 'dr-lindqvist', status: 'SCHEDULED', daysFromNow: 4 },
  { externalId: 'appt-17', patient: 'yusuf', doctor: 'dr-rao', status: 'SCHEDULED', daysFromNow: 25 },
  { externalId: 'appt-18', patient: 'olena', doctor: 'dr-lindqvist', status: 'COMPLETED', daysFromNow: -33 },
  { externalId: 'appt-19', patient: 'mona', doctor: 'dr-osman', status: 'SCHEDULED', daysFromNow: 11 },
]
