/*
 * Control-plane memory: allocators that do not return NULL.
 *
 * For configuration, rules and start-up. They abort with one line on stderr
 * when the machine has no memory left. The message path uses an arena
 * (base/arena.h), which is capped and whose failure is an ordinary answer.
 */
#ifndef POSTERN_BASE_MEM_H
#define POSTERN_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size);		    /* zeroed */
void *mem_array(size_t count, size_t size); /* zeroed, overflow-checked */
void *mem_resize(void *p, size_t count, size_t size);
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t len);
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Gives what is free back to the system; after much was used for a moment. */
void mem_trim(void);

/* An invariant of ours is broken: say where and abort, in release builds too.
 */
void panic_at(const char *file, int line, const char *what)
    __attribute__((noreturn));
#define invariant(cond) ((cond) ? (void)0 : panic_at(__FILE__, __LINE__, #cond))

#endif
