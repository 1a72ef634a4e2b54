-- A report may be all that is ever heard of a mail whose answer was lost: it names the delivery.

CREATE INDEX deliveries_unknown ON deliveries (id) WHERE error LIKE 'unknown%';
