#ifndef CRYPTO_H
#define CRYPTO_H

/*
 * crypto - make libsodium ready: it chooses the code for this processor and opens the source of
 * randomness, without which the process ends.  For whoever signs, and before anything else in a program
 * that draws at random; to hash works without it.  Only the first call of a process costs anything.
 */
void crypto_ready(void);

#endif
