// Makes the Nth file operation or allocation of a process fail; preloaded by tests/faults/server.py.
//
// Only operations on files below one folder count, and only while the shim is armed. Counting needs no lock: armed
// processes run the operations of interest on one thread, and a lost count would only repeat a failure.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OPEN, WRITE, FSYNC, RENAME, MAKE_FOLDER, ALLOCATE, KINDS };
enum { DESCRIPTORS = 65536 };

static char folder[PATH_MAX];
static size_t folder_length;
static int armed, failing, failure, sticky;
static long nth, least_bytes = 1 << 16;
static long counts[KINDS];
static unsigned char ours[DESCRIPTORS];

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

#define NEXT(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

// Count one operation; return whether it has to fail, with errno set.
static int fails(int kind) {
    long number = ++counts[kind];
    if (kind != failing || nth == 0 || number < nth || (number > nth && !sticky)) return 0;
    errno = failure;
    return 1;
}

void fault_arm(const char *below, int kind, long number, int code, int stays) {
    snprintf(folder, sizeof folder, "%s", below);
    folder_length = strlen(folder);
    failing = kind, nth = number, failure = code, sticky = stays;
    memset(counts, 0, sizeof counts);
    armed = 1;
}

void fault_disarm(void) { armed = 0; }

long fault_count(int kind) { return counts[kind]; }

static int is_below(int directory, const char *path) {
    char base[PATH_MAX];
    if (!armed || !path) return 0;
    if (path[0] == '/') return strncmp(path, folder, folder_length) == 0;
    if (directory == AT_FDCWD) return getcwd(base, sizeof base) && strncmp(base, folder, folder_length) == 0;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
    ssize_t length = readlink(link, base, sizeof base - 1);
    if (length < 0) return 0;
    base[length] = 0;
    return strncmp(base, folder, folder_length) == 0;
}

static int is_ours(int descriptor) { return armed && descriptor >= 0 && descriptor < DESCRIPTORS && ours[descriptor]; }

static int note(int descriptor, int counted) {
    if (descriptor >= 0 && descriptor < DESCRIPTORS) ours[descriptor] = counted;
    return descriptor;
}

#define OPEN_BODY(call, directory) \
    int mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, int); \
        va_end(rest); \
    } \
    int writes = (flags & O_ACCMODE) != O_RDONLY && is_below(directory, path); \
    if (writes && fails(OPEN)) return -1; \
    return note(call, writes)

int open(const char *path, int flags, ...) { NEXT(open); OPEN_BODY(real(path, flags, mode), AT_FDCWD); }
int open64(const char *path, int flags, ...) { NEXT(open64); OPEN_BODY(real(path, flags, mode), AT_FDCWD); }
int openat(int at, const char *path, int flags, ...) { NEXT(openat); OPEN_BODY(real(at, path, flags, mode), at); }
int openat64(int at, const char *path, int flags, ...) { NEXT(openat64); OPEN_BODY(real(at, path, flags, mode), at); }

int close(int descriptor) {
    NEXT(close);
    note(descriptor, 0);
    return real(descriptor);
}

ssize_t write(int descriptor, const void *bytes, size_t length) {
    NEXT(write);
    return is_ours(descriptor) && fails(WRITE) ? -1 : real(descriptor, bytes, length);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t at) {
    NEXT(pwrite64);
    return is_ours(descriptor) && fails(WRITE) ? -1 : real(descriptor, bytes, length, at);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    NEXT(writev);
    return is_ours(descriptor) && fails(WRITE) ? -1 : real(descriptor, parts, count);
}

int ftruncate64(int descriptor, off64_t length) {
    NEXT(ftruncate64);
    return is_ours(descriptor) && fails(WRITE) ? -1 : real(descriptor, length);
}

int fsync(int descriptor) {
    NEXT(fsync);
    return armed && fails(FSYNC) ? -1 : real(descriptor);
}

int rename(const char *from, const char *to) {
    NEXT(rename);
    return is_below(AT_FDCWD, to) && fails(RENAME) ? -1 : real(from, to);
}

int renameat(int from_at, const char *from, int to_at, const char *to) {
    NEXT(renameat);
    return is_below(to_at, to) && fails(RENAME) ? -1 : real(from_at, from, to_at, to);
}

int mkdir(const char *path, mode_t mode) {
    NEXT(mkdir);
    return is_below(AT_FDCWD, path) && fails(MAKE_FOLDER) ? -1 : real(path, mode);
}

int mkdirat(int at, const char *path, mode_t mode) {
    NEXT(mkdirat);
    return is_below(at, path) && fails(MAKE_FOLDER) ? -1 : real(at, path, mode);
}

static int no_memory(size_t bytes) { return armed && (long)bytes >= least_bytes && fails(ALLOCATE); }

void *malloc(size_t bytes) { return no_memory(bytes) ? NULL : __libc_malloc(bytes); }
void *calloc(size_t count, size_t bytes) { return no_memory(count * bytes) ? NULL : __libc_calloc(count, bytes); }
void *realloc(void *at, size_t bytes) { return no_memory(bytes) ? NULL : __libc_realloc(at, bytes); }

int posix_memalign(void **at, size_t alignment, size_t bytes) {
    if (no_memory(bytes) || !(*at = __libc_memalign(alignment, bytes))) return ENOMEM;
    return 0;
}
