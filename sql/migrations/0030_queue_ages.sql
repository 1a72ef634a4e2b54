-- How long what is due has been so is asked for by every scrape of /metrics, and before each retry.

CREATE INDEX mail_batches_due ON mail_batches (channel, next_try_at);
