#ifndef CRYPTO_H
#define CRYPTO_H

/*
 * crypto - make libsodium ready: it chooses the code for this processor and opens the source of
 * randomness.  For whoever signs, hashes or draws at random, before each such call; only the first
 * of a process costs anything.  Without randomness the process ends.
 */
void crypto_ready(void);

#endif
