/*
 * Random bytes from the kernel. Never fails after boot; may block before.
 */
#ifndef POSTERN_BASE_RANDOM_H
#define POSTERN_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *p, size_t len);
uint64_t random_u64(void);
/* One number per process, the same at every call. Any thread. */
uint64_t random_process_seed(void);

#endif
