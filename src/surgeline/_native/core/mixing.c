#include "mixing.h"

#include <math.h>

/* The increment of SplitMix64: 2^64 divided by the golden ratio, made odd. */
#define GOLDEN 0x9e3779b97f4a7c15u

__extension__ typedef unsigned __int128 sl_u128;

/*
 * The finaliser of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014), with the
 * constants of Stafford's thirteenth variant. A bijection, for each of its steps is one.
 */
static inline uint64_t finalise(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/*
 * One round is SplitMix64 itself, whose streams of keys that differ by a multiple of GOLDEN are the same one, moved.
 * The second round starts from the key once more, in another place, so that there are no such keys.
 */
uint64_t sl_mix(uint64_t key, uint64_t row)
{
    uint64_t once = finalise(key + (row + 1) * GOLDEN);
    return finalise(once ^ (key << 32 | key >> 32));
}

/* Multiply-high (Lemire, "Fast random integer generation in an interval", 2019), without its rejection. */
static inline uint64_t scale(uint64_t bits, uint64_t bound)
{
    return (uint64_t)((sl_u128)bits * bound >> 64);
}

static inline double unit(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

void sl_mix_all(uint64_t key, uint64_t *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) rows[i] = sl_mix(key, rows[i]);
}

void sl_mix_below(uint64_t key, uint64_t bound, uint64_t *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) rows[i] = scale(sl_mix(key, rows[i]), bound);
}

void sl_mix_units(uint64_t key, const uint64_t *rows, double *units, size_t count)
{
    for (size_t i = 0; i < count; i++) units[i] = unit(sl_mix(key, rows[i]));
}

/*
 * Of a few numbers all orders are made, and kept: the shuffle of Fisher and Yates (Durstenfeld, "Random permutation",
 * 1964). Of many any one is found without the others: the generalised Feistel network of Black and Rogaway, "Ciphers
 * with arbitrary finite domains" (2002). A number is a place in a grid of `columns` times `lines`, and each round moves
 * it along one side by what the other side says. The few places of the grid that are no numbers are walked over.
 */
struct shuffle {
    uint64_t size, columns, lines;
    uint64_t keys[SL_SHUFFLE_ROUNDS];
    uint8_t order[SL_SHUFFLE_FEW];
};

static uint64_t root_up(uint64_t size)
{
    uint64_t root = (uint64_t)sqrt((double)size);
    while (root * root < size) root++;
    while (root > 1 && (root - 1) * (root - 1) >= size) root--;
    return root;
}

static void set_size(struct shuffle *shuffle, uint64_t size)
{
    shuffle->size = size;
    shuffle->columns = root_up(size);
    shuffle->lines = (size + shuffle->columns - 1) / shuffle->columns;
}

static void set_key(struct shuffle *shuffle, uint64_t key)
{
    if (shuffle->size > SL_SHUFFLE_FEW) {
        for (uint64_t round = 0; round < SL_SHUFFLE_ROUNDS; round++) shuffle->keys[round] = sl_mix(key, round);
        return;
    }
    for (uint64_t number = 0; number < shuffle->size; number++) {
        uint64_t place = scale(sl_mix(key, number), number + 1);
        shuffle->order[number] = shuffle->order[place];
        shuffle->order[place] = (uint8_t)number;
    }
}

static inline uint64_t moved(uint64_t place, uint64_t by, uint64_t length)
{
    place += by;
    return place < length ? place : place - length;
}

static uint64_t shuffled(const struct shuffle *shuffle, uint64_t number)
{
    if (shuffle->size <= SL_SHUFFLE_FEW) return shuffle->order[number];
    do {
        uint64_t line = number / shuffle->columns, column = number % shuffle->columns;
        for (int round = 0; round < SL_SHUFFLE_ROUNDS; round += 2) {
            column = moved(column, scale(sl_mix(shuffle->keys[round], line), shuffle->columns), shuffle->columns);
            line = moved(line, scale(sl_mix(shuffle->keys[round + 1], column), shuffle->lines), shuffle->lines);
        }
        number = line * shuffle->columns + column;
    } while (number >= shuffle->size);
    return number;
}

void sl_mix_shuffled(uint64_t key, uint64_t size, uint64_t *rows, size_t count)
{
    struct shuffle shuffle = {0};
    uint64_t run, last = 0;
    set_size(&shuffle, size);
    for (size_t i = 0; i < count; i++) {
        run = rows[i] / size;
        if (i == 0 || run != last) set_key(&shuffle, sl_mix(key, run));
        last = run;
        rows[i] = shuffled(&shuffle, rows[i] - run * size);
    }
}

/*
 * Rejection-inversion (Hörmann, Derflinger, "Rejection-inversion to generate variates from monotone discrete
 * distributions", 1996): the integral of x^-exponent is inverted, and the few points are drawn again that lie above
 * the steps of the discrete distribution. `expm1(t) / t` and `log1p(t) / t` keep it exact where the exponent is near 1.
 */
static double expm1_over(double t)
{
    return fabs(t) > 1e-8 ? expm1(t) / t : 1 + t / 2 * (1 + t / 3);
}

static double log1p_over(double t)
{
    return fabs(t) > 1e-8 ? log1p(t) / t : 1 - t * (0.5 - t / 3);
}

static double integral(double x, double exponent)
{
    double log_x = log(x);
    return expm1_over((1 - exponent) * log_x) * log_x;
}

static double integral_inverse(double x, double exponent)
{
    double t = fmax(x * (1 - exponent), -1);
    return exp(log1p_over(t) * x);
}

static double weight(double x, double exponent)
{
    return exp(-exponent * log(x));
}

void sl_mix_zipf(uint64_t key, uint64_t size, double exponent, uint64_t *rows, size_t count)
{
    const double most = (double)size, least = integral(1.5, exponent) - 1;
    const double span = integral(most + 0.5, exponent) - least;
    const double sure = 2 - integral_inverse(integral(2.5, exponent) - weight(2, exponent), exponent);
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = sl_mix(key, rows[i]);
        for (;;) {
            double area = least + (1 - unit(bits)) * span;
            double x = integral_inverse(area, exponent);
            double rank = fmin(fmax(floor(x + 0.5), 1), most);
            if (rank - x <= sure || area >= integral(rank + 0.5, exponent) - weight(rank, exponent)) {
                rows[i] = (uint64_t)rank - 1;
                break;
            }
            bits = sl_mix(key, bits);
        }
    }
}

void sl_mix_uuid(uint64_t own, uint64_t more, char *text)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t high = (own >> 16) << 16 | 0x4000 | (own >> 4 & 0xfff);
    uint64_t low = (uint64_t)2 << 62 | (own & 15) << 58 | more >> 6;
    for (int digit = 0, place = 0; digit < 32; digit++) {
        uint64_t half = digit < 16 ? high : low;
        if (digit == 8 || digit == 12 || digit == 16 || digit == 20) text[place++] = '-';
        text[place++] = digits[half >> (60 - digit % 16 * 4) & 15];
    }
}
