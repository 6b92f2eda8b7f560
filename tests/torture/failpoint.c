/* Stands between a process and its file system (LD_PRELOAD), for what lies beneath the folder WK_ROOT.
 *
 * WK_RECORD=FILE      appends each change to FILE, in order: a line `op path offset length`, then the bytes of a write.
 * WK_FAIL=op:n:e:c    lets the n-th call of an op (open, write, trunc, fsync, unlink, rename, mkdir, chmod; look: an open
 *                     that makes nothing; read) fail with errno e, c times (0: for good); e = 0 on a write lets it take
 *                     half of its bytes.
 * WK_HEALED=FILE      no call fails any more from the moment on at which FILE is there.
 * WK_STRUCK=FILE      is made when a call fails so for the first time.
 * WK_SEEN=FILE        gets a line `op n` for each call, its number among those of its op in this process.
 *
 * A process that was forked sets these and calls wk_arm(), which reads them anew.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int record_fd = -2, fail_errno, fail_count;
static const char *const ops[] = {"open", "write", "trunc", "fsync", "unlink", "rename", "mkdir", "chmod", "look", "read", 0};
static long fail_at = -1, seen[sizeof ops / sizeof *ops];
static char root[PATH_MAX], fail_op[16];
static size_t root_size;

static void begin(void) {
    if (record_fd != -2) return;
    record_fd = -1;
    const char *folder = getenv("WK_ROOT"), *file = getenv("WK_RECORD"), *fail = getenv("WK_FAIL");
    if (!folder) return;
    snprintf(root, sizeof root, "%s/", folder);
    root_size = strlen(root);
    if (file) record_fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fail) sscanf(fail, "%15[^:]:%ld:%d:%d", fail_op, &fail_at, &fail_errno, &fail_count);
}

void wk_arm(void) { record_fd = -2; memset(seen, 0, sizeof seen); fail_at = -1; begin(); }

static int inside(const char *path) { begin(); return root_size && !strncmp(path, root, root_size); }

static int named(int fd, char *path) {
    char link[64];
    begin();
    if (!root_size) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 2);
    if (size < 0) return 0;
    path[size] = 0;
    if (!strncmp(path, root, root_size - 1) && path[root_size - 1] == 0) { strcat(path, "/"); return 1; }
    return inside(path);
}

static int resolved(int dir, const char *name, char *path) {
    if (name[0] == '/') snprintf(path, PATH_MAX, "%s", name);
    else if (dir == AT_FDCWD) return 0;
    else {
        if (!named(dir, path)) return 0;
        size_t size = strlen(path);
        snprintf(path + size, PATH_MAX - size, "%s%s", path[size - 1] == '/' ? "" : "/", name);
    }
    return inside(path);
}

/* The number of this call among those of its op in this process. */
static long counted(const char *op) {
    size_t which = 0;
    while (ops[which] && strcmp(op, ops[which])) which++;
    long now = __atomic_add_fetch(&seen[which], 1, __ATOMIC_SEQ_CST);
    const char *file = getenv("WK_SEEN");
    if (file) {
        char line[40];
        int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        syscall(SYS_write, fd, line, (size_t)snprintf(line, sizeof line, "%s %ld\n", op, now));
        syscall(SYS_close, fd);
    }
    return now;
}

/* Whether this call is to fail. */
static int fails(const char *op) {
    long now = counted(op);
    if (fail_at < 0 || now < fail_at || (fail_count && now >= fail_at + fail_count) || strcmp(op, fail_op)) return 0;
    const char *healed = getenv("WK_HEALED"), *struck = now == fail_at ? getenv("WK_STRUCK") : NULL;
    if (healed && syscall(SYS_faccessat, AT_FDCWD, healed, F_OK) == 0) return 0;
    if (struck) syscall(SYS_close, syscall(SYS_openat, AT_FDCWD, struck, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    return 1;
}

static void told(const char *op, const char *path, long offset, long size, const void *data) {
    if (record_fd < 0) return;
    char line[PATH_MAX + 80];
    int length = snprintf(line, sizeof line, "%s %s %ld %ld\n", op, path + root_size, offset, size);
    syscall(SYS_write, record_fd, line, (size_t)length);
    if (data) syscall(SYS_write, record_fd, data, (size_t)size);
}

#define FAIL_IF(op, path_known) if ((path_known) && fails(op)) { errno = fail_errno ? fail_errno : EIO; return -1; }

static int opened(int dir, const char *name, int flags, mode_t mode) {
    char path[PATH_MAX];
    int ours = resolved(dir, name, path);
    FAIL_IF((flags & O_CREAT) ? "open" : "look", ours);
    int fresh = ours && (flags & O_CREAT) && syscall(SYS_faccessat, AT_FDCWD, path, F_OK) != 0;
    int fd = (int)syscall(SYS_openat, dir, name, flags, mode);
    if (fd >= 0 && fresh) told("create", path, 0, 0, NULL);
    if (fd >= 0 && ours && (flags & O_TRUNC) && !fresh) told("trunc", path, 0, 0, NULL);
    return fd;
}

#define MODE va_list more; mode_t mode = 0; va_start(more, flags); \
    if (flags & (O_CREAT | O_TMPFILE)) { mode = va_arg(more, mode_t); } va_end(more);
int open(const char *name, int flags, ...) { MODE return opened(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE return opened(AT_FDCWD, name, flags | O_LARGEFILE, mode); }
int openat(int dir, const char *name, int flags, ...) { MODE return opened(dir, name, flags, mode); }
int openat64(int dir, const char *name, int flags, ...) { MODE return opened(dir, name, flags | O_LARGEFILE, mode); }

static ssize_t put(int fd, const void *data, size_t size, long offset, int at) {
    char path[PATH_MAX];
    int ours = named(fd, path);
    if (ours && fails("write")) {
        if (fail_errno) { errno = fail_errno; return -1; }
        size = size > 1 ? size / 2 : size;
    }
    if (!at && ours) {
        int flags = fcntl(fd, F_GETFL);
        offset = (long)lseek(fd, 0, flags & O_APPEND ? SEEK_END : SEEK_CUR);
    }
    ssize_t done = at ? syscall(SYS_pwrite64, fd, data, size, offset) : syscall(SYS_write, fd, data, size);
    if (done > 0 && ours) told("write", path, offset, done, data);
    return done;
}
ssize_t write(int fd, const void *data, size_t size) { return put(fd, data, size, 0, 0); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) { return put(fd, data, size, (long)offset, 1); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) { return put(fd, data, size, (long)offset, 1); }

static int cut(int fd, long size) {
    char path[PATH_MAX];
    int ours = named(fd, path);
    FAIL_IF("trunc", ours);
    int done = (int)syscall(SYS_ftruncate, fd, size);
    if (!done && ours) told("trunc", path, size, 0, NULL);
    return done;
}
int ftruncate(int fd, off_t size) { return cut(fd, (long)size); }
int ftruncate64(int fd, off64_t size) { return cut(fd, (long)size); }

static int synced(int fd, int data_only) {
    char path[PATH_MAX];
    int ours = named(fd, path);
    FAIL_IF("fsync", ours);
    int done = (int)syscall(data_only ? SYS_fdatasync : SYS_fsync, fd);
    if (!done && ours) told("fsync", path, 0, 0, NULL);
    return done;
}
int fsync(int fd) { return synced(fd, 0); }
int fdatasync(int fd) { return synced(fd, 1); }

static int gone(int dir, const char *name, int flags) {
    char path[PATH_MAX];
    int ours = resolved(dir, name, path);
    FAIL_IF("unlink", ours);
    int done = (int)syscall(SYS_unlinkat, dir, name, flags);
    if (!done && ours) told("unlink", path, 0, 0, NULL);
    return done;
}
int unlink(const char *name) { return gone(AT_FDCWD, name, 0); }
int unlinkat(int dir, const char *name, int flags) { return gone(dir, name, flags); }

static int linked(int from_dir, const char *from, int to_dir, const char *to, int flags) {
    char old[PATH_MAX], new[PATH_MAX];
    int ours = resolved(from_dir, from, old) && resolved(to_dir, to, new);
    FAIL_IF("rename", ours);
    int done = (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
    if (!done && ours) { told("old", old, 0, 0, NULL); told("link", new, 0, 0, NULL); }
    return done;
}
int link(const char *from, const char *to) { return linked(AT_FDCWD, from, AT_FDCWD, to, 0); }
int linkat(int a, const char *from, int b, const char *to, int flags) { return linked(a, from, b, to, flags); }

static int renamed(int from_dir, const char *from, int to_dir, const char *to) {
    char old[PATH_MAX], new[PATH_MAX];
    int ours = resolved(from_dir, from, old) && resolved(to_dir, to, new);
    FAIL_IF("rename", ours);
    int done = (int)syscall(SYS_renameat, from_dir, from, to_dir, to);
    if (!done && ours) { told("old", old, 0, 0, NULL); told("rename", new, 0, 0, NULL); }
    return done;
}
int rename(const char *from, const char *to) { return renamed(AT_FDCWD, from, AT_FDCWD, to); }
int renameat(int from_dir, const char *from, int to_dir, const char *to) { return renamed(from_dir, from, to_dir, to); }

static int ours_at(int dir, const char *name) { char path[PATH_MAX]; return resolved(dir, name, path); }
int mkdirat(int dir, const char *name, mode_t mode) {
    FAIL_IF("mkdir", ours_at(dir, name));
    return (int)syscall(SYS_mkdirat, dir, name, mode);
}
int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }
int symlinkat(const char *to, int dir, const char *name) {
    FAIL_IF("mkdir", ours_at(dir, name));
    return (int)syscall(SYS_symlinkat, to, dir, name);
}
int symlink(const char *to, const char *name) { return symlinkat(to, AT_FDCWD, name); }
int fchmod(int fd, mode_t mode) {
    char path[PATH_MAX];
    FAIL_IF("chmod", named(fd, path));
    return (int)syscall(SYS_fchmod, fd, mode);
}

static ssize_t got(int fd, void *data, size_t size, long offset, int at) {
    char path[PATH_MAX];
    FAIL_IF("read", named(fd, path));
    return at ? syscall(SYS_pread64, fd, data, size, offset) : syscall(SYS_read, fd, data, size);
}
ssize_t read(int fd, void *data, size_t size) { return got(fd, data, size, 0, 0); }
ssize_t pread(int fd, void *data, size_t size, off_t offset) { return got(fd, data, size, (long)offset, 1); }
ssize_t pread64(int fd, void *data, size_t size, off64_t offset) { return got(fd, data, size, (long)offset, 1); }
