// Makes the Nth file operation or allocation of a process fail, and later ones if wanted, ends the process after some CPU
// time, and keeps a ledger of what a power cut would lose; preloaded by tests/faults/server.py.
//
// Only operations on files below one folder count, and only while the shim is armed. Counting needs no lock: armed
// processes run the operations of interest on one thread, and a lost count would only repeat a failure.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { OPEN, WRITE, FSYNC, RENAME, MAKE_FOLDER, ALLOCATE, OPEN_TO_READ, KINDS };
enum { DESCRIPTORS = 65536, ENTRIES = 8192 };

static char folder[PATH_MAX];
static size_t folder_length;
static int armed, failing, failure;
static long nth, least_bytes = 1 << 16;
static unsigned later_kinds;  // a bit for each kind of operation that may fail after the Nth
static long later, first_later, last_later;  // those since the Nth, and which of them fail
static long counts[KINDS];
static unsigned char ours[DESCRIPTORS];

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

#define NEXT(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

// What is not on the disk: files written and directories renamed into since their last fsync.
typedef struct {
    dev_t device;
    ino_t number;
    char path[PATH_MAX];
} Entry;

static Entry dirty_files[ENTRIES], dirty_folders[ENTRIES];
static int file_count, folder_count;
static long early_renames;  // of files that were not synced

static int find(const Entry *entries, int count, const struct stat *about) {
    for (int i = 0; i < count; i++)
        if (entries[i].number == about->st_ino && entries[i].device == about->st_dev) return i;
    return -1;
}

static void add(Entry *entries, int *count, const struct stat *about, const char *path) {
    if (find(entries, *count, about) >= 0 || *count == ENTRIES) return;
    entries[*count].device = about->st_dev;
    entries[*count].number = about->st_ino;
    snprintf(entries[*count].path, PATH_MAX, "%s", path);
    ++*count;
}

static void drop(Entry *entries, int *count, const struct stat *about) {
    int at = find(entries, *count, about);
    if (at >= 0) entries[at] = entries[--*count];
}

static void wrote(int descriptor) {
    struct stat about;
    char link[64], path[PATH_MAX];
    if (fstat(descriptor, &about)) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = 0;
    add(dirty_files, &file_count, &about, path);
}

static void synced(int descriptor) {
    struct stat about;
    if (fstat(descriptor, &about)) return;
    drop(dirty_files, &file_count, &about);
    drop(dirty_folders, &folder_count, &about);
}

// Note the rename of a file or a folder, before it happens.
static void renaming(const char *from) {
    struct stat about;
    char whole[PATH_MAX];
    if (lstat(from, &about) || !realpath(from, whole)) return;
    size_t length = strlen(whole);
    for (int i = 0; i < file_count; i++)
        if (find(dirty_files + i, 1, &about) == 0 ||
            (strncmp(dirty_files[i].path, whole, length) == 0 && dirty_files[i].path[length] == '/'))
            early_renames++;
}

// Note the rename of a file or a folder, after it has happened.
static void renamed(const char *to) {
    struct stat about;
    char parent[PATH_MAX], whole[PATH_MAX];
    snprintf(parent, sizeof parent, "%s", to);
    char *slash = strrchr(parent, '/');
    if (slash)
        *slash = 0;
    else
        strcpy(parent, ".");
    if (realpath(parent, whole) && !stat(whole, &about)) add(dirty_folders, &folder_count, &about, whole);
}

// The files that were renamed before they were synced.
long fault_early_renames(void) { return early_renames; }

// The directories that are still there, and whose latest names were not synced.
long fault_unsynced_folders(void) {
    struct stat about;
    long found = 0;
    for (int i = 0; i < folder_count; i++)
        found += !stat(dirty_folders[i].path, &about) && about.st_ino == dirty_folders[i].number;
    return found;
}

// Send this process a signal after some CPU time.
int fault_signal_after(int number, double seconds) {
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = number};
    long nanoseconds = (long)(seconds * 1e9);
    if (nanoseconds < 1) nanoseconds = 1;
    struct itimerspec when = {.it_value = {nanoseconds / 1000000000, nanoseconds % 1000000000}};
    return timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer) || timer_settime(timer, 0, &when, NULL);
}

// Count one operation; return whether it has to fail, with errno set.
static int fails(int kind) {
    long number = ++counts[kind];
    int now = kind == failing && number == nth;
    if (!now && nth && counts[failing] >= nth && later_kinds >> kind & 1) {
        later++;
        now = later >= first_later && later <= last_later;
    }
    if (now) errno = failure;
    return now;
}

// Count allocations, and operations on files below the folder `below`, from now on. Make operation `number` of kind `kind`
// fail with the error `code`. After this failure, count the operations of the kinds in the bit set `after`, and make
// operations `from` to `to` of them fail with the same error. Numbers start at 1.
void fault_arm(const char *below, int kind, long number, int code, unsigned after, long from, long to) {
    snprintf(folder, sizeof folder, "%s", below);
    folder_length = strlen(folder);
    failing = kind, nth = number, failure = code;
    later_kinds = after, later = 0, first_later = from, last_later = to;
    memset(counts, 0, sizeof counts);
    file_count = folder_count = 0, early_renames = 0;
    armed = 1;
}

void fault_disarm(void) { armed = 0; }

long fault_count(int kind) { return counts[kind]; }

// Return whether a path lies in the folder; a relative one begins in a directory, or in the current one.
static int is_below(int directory, const char *path) {
    char link[64] = "/proc/self/cwd", base[PATH_MAX];
    if (!armed || !path) return 0;
    if (path[0] == '/') return strncmp(path, folder, folder_length) == 0;
    if (directory != AT_FDCWD) snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
    ssize_t length = readlink(link, base, sizeof base - 2);
    if (length < 0) return 0;
    base[length] = '/', base[length + 1] = 0;
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
    int below = is_below(directory, path), writes = below && (flags & O_ACCMODE) != O_RDONLY; \
    if (below && fails(writes ? OPEN : OPEN_TO_READ)) return -1; \
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

#define WRITE_BODY(call) \
    if (!is_ours(descriptor)) return call; \
    if (fails(WRITE)) return -1; \
    wrote(descriptor); \
    return call

ssize_t write(int descriptor, const void *bytes, size_t length) {
    NEXT(write);
    WRITE_BODY(real(descriptor, bytes, length));
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t at) {
    NEXT(pwrite64);
    WRITE_BODY(real(descriptor, bytes, length, at));
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    NEXT(writev);
    WRITE_BODY(real(descriptor, parts, count));
}

int ftruncate64(int descriptor, off64_t length) {
    NEXT(ftruncate64);
    WRITE_BODY(real(descriptor, length));
}

int fsync(int descriptor) {
    NEXT(fsync);
    if (!armed) return real(descriptor);
    if (fails(FSYNC)) return -1;
    synced(descriptor);
    return 0;  // the ledger says what a power cut would lose, whether or not the disk is asked
}

void sync(void) {
    NEXT(sync);
    file_count = folder_count = 0;
    if (!armed) real();
}

int rename(const char *from, const char *to) {
    NEXT(rename);
    if (!is_below(AT_FDCWD, to)) return real(from, to);
    if (fails(RENAME)) return -1;
    renaming(from);
    int result = real(from, to);
    if (!result) renamed(to);
    return result;
}

int renameat(int from_at, const char *from, int to_at, const char *to) {
    if (from_at == AT_FDCWD && to_at == AT_FDCWD) return rename(from, to);
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
