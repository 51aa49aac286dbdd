/*
 * A counter hash: numbers that look random and depend on a key and a counter (the number of a row) alone, so that any
 * of them can be made without those before it. And what is drawn from it: numbers below a bound, shuffles, ranks.
 *
 * The functions for arrays replace each number of a row by what belongs to it.
 */
#ifndef SL_MIXING_H
#define SL_MIXING_H

#include <stddef.h>
#include <stdint.h>

#define SL_SHUFFLE_ROUNDS 10
#define SL_SHUFFLE_FEW 64

/* 64 bits for a row; no two rows of one key have the same. */
uint64_t sl_mix(uint64_t key, uint64_t row);

void sl_mix_all(uint64_t key, uint64_t *rows, size_t count);

/* Whole numbers from 0 to bound - 1, where bound is 1 or more. The shares are right to bound parts in 2^64. */
void sl_mix_below(uint64_t key, uint64_t bound, uint64_t *rows, size_t count);

/* Numbers from 0 to below 1, multiples of 2^-53. */
void sl_mix_units(uint64_t key, const uint64_t *rows, double *units, size_t count);

/*
 * A place in a shuffle. Rows 0 to size - 1 are the first run, the next `size` rows the second, and so on; within a run
 * each number from 0 to size - 1 stands once, in an order of its own. `size` is 1 to 2^63.
 */
void sl_mix_shuffled(uint64_t key, uint64_t size, uint64_t *rows, size_t count);

/* A rank less one: rank k of 1 to `size` is drawn with a probability in proportion to k^-exponent, exponent >= 0. */
void sl_mix_zipf(uint64_t key, uint64_t size, double exponent, uint64_t *rows, size_t count);

/*
 * The text of a version 4 UUID, in 36 characters without a NUL. All bits of `own` are in it, so that of different ones
 * the texts are different; the rest is filled from `more`.
 */
void sl_mix_uuid(uint64_t own, uint64_t more, char *text);

#endif
