import { expect, it } from 'vitest';
import { protos } from './protos.ts';

it('loads all services, with the paths that the other side knows', () => {
  const { reservation, payment, gateway } = protos();
  const services = [
    reservation.ReservationService,
    reservation.InventoryService,
    payment.PaymentService,
    gateway.QueueService,
  ];
  const paths = services.flatMap(({ service }) => Object.values(service).map(({ path }) => path));
  expect(paths).toContain('/reservation.v1.ReservationService/CreateReservation');
  expect(paths).toContain('/reservation.v1.InventoryService/CheckAvailability');
  expect(paths).toContain('/payment.v1.PaymentService/CreatePaymentIntent');
  expect(paths).toContain('/gateway.v1.QueueService/JoinQueue');
  expect(paths.length).toBe(6 + 5 + 6 + 5);
});

it('writes the bytes that the field numbers ask for', () => {
  const { CreateReservation } = protos().reservation.ReservationService.service;
  const bytes = CreateReservation.requestSerialize({ eventId: 'e', seatIds: ['A1', 'A2'], quantity: 2 });
  expect(bytes.toString('hex')).toBe('0a01651202413112024132' + '1802');
  const { CreatePaymentIntent } = protos().payment.PaymentService.service;
  const money = CreatePaymentIntent.requestSerialize({
    amount: { amount: 5, currency: 'KRW' },
    scenario: 'PAYMENT_SCENARIO_FAIL',
  });
  expect(money.toString('hex')).toBe('1207080512034b5257' + '2802');
});
