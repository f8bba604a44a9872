/*
 * Writes down, in order, what a process does to the files below one folder: enough to say what a disk would hold had
 * the power gone at any moment. For power-cut-trace.ts, as LD_PRELOAD; never part of the app.
 *
 * TRACE_FOLDER: which files. TRACE_FILE: where to. A record: kind, file, offset, length (each 8 bytes), then data.
 * FULL_FLAG: while a file of this name exists, the disk of those files is full. BROKEN_FLAG: likewise it keeps nothing,
 * and says so when it is told to.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum { NAMED = 1, WRITTEN, SYNCED, CUT, REMOVED, SAID };
#define FDS 4096
#define FILES 256

static int trace = -1;
static int file_of[FDS];
static char *paths[FILES];
static int known = 0;

static void put(const void *data, size_t length) {
  const char *at = data;
  while (length > 0) {
    ssize_t done = syscall(SYS_write, trace, at, length);
    if (done <= 0) _exit(97);
    at += done;
    length -= (size_t)done;
  }
}

static void record(uint64_t kind, uint64_t file, uint64_t offset, const void *data, uint64_t length, int has_data) {
  uint64_t head[4] = {kind, file, offset, length};
  put(head, sizeof head);
  if (has_data) put(data, length);
}

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("TRACE_FILE");
  if (path != NULL) trace = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int number_of(const char *path) {
  const char *folder = getenv("TRACE_FOLDER");
  if (trace < 0 || folder == NULL || strncmp(path, folder, strlen(folder)) != 0) return 0;
  for (int n = 1; n <= known; n++)
    if (strcmp(paths[n], path) == 0) return n;
  if (known + 1 >= FILES) _exit(98);
  paths[++known] = strdup(path);
  record(NAMED, (uint64_t)known, 0, path, strlen(path), 1);
  return known;
}

static int opened(int fd, const char *path, int flags) {
  if (fd < 0 || fd >= FDS) return fd;
  file_of[fd] = number_of(path);
  if (file_of[fd] > 0 && (flags & O_TRUNC) != 0) record(CUT, (uint64_t)file_of[fd], 0, NULL, 0, 0);
  return fd;
}

static int traced(int fd) { return fd >= 0 && fd < FDS ? file_of[fd] : 0; }

#define OPEN(name)                                                                              \
  int name(const char *path, int flags, ...) {                                                  \
    va_list more;                                                                               \
    va_start(more, flags);                                                                      \
    int mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, int) : 0;                    \
    va_end(more);                                                                               \
    return opened((int)syscall(SYS_openat, AT_FDCWD, path, flags, mode), path, flags);          \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  if (fd >= 0 && fd < FDS) file_of[fd] = 0;
  return (int)syscall(SYS_close, fd);
}

static int has_flag(const char *name) {
  const char *flag = getenv(name);
  return flag != NULL && syscall(SYS_faccessat, AT_FDCWD, flag, F_OK) == 0;
}

/* How much of a write there is still room for: half of it, so that it is torn, until a sector is too much. */
static ssize_t room(int fd, size_t length) {
  if (traced(fd) == 0 || !has_flag("FULL_FLAG")) return (ssize_t)length;
  if (length > 512) return (ssize_t)(length / 2);
  errno = ENOSPC;
  return -1;
}

#define PWRITE(name)                                                                            \
  ssize_t name(int fd, const void *data, size_t length, off_t offset) {                         \
    ssize_t free = room(fd, length);                                                            \
    if (free < 0) return free;                                                                  \
    ssize_t done = syscall(SYS_pwrite64, fd, data, (size_t)free, offset);                       \
    if (done > 0 && traced(fd) > 0)                                                             \
      record(WRITTEN, (uint64_t)traced(fd), (uint64_t)offset, data, (uint64_t)done, 1);         \
    return done;                                                                                \
  }
PWRITE(pwrite)
PWRITE(pwrite64)

ssize_t write(int fd, const void *data, size_t length) {
  off_t offset = traced(fd) > 0 ? lseek(fd, 0, SEEK_CUR) : 0;
  ssize_t free = room(fd, length);
  if (free < 0) return free;
  ssize_t done = syscall(SYS_write, fd, data, (size_t)free);
  if (done > 0 && traced(fd) > 0)
    record(WRITTEN, (uint64_t)traced(fd), (uint64_t)offset, data, (uint64_t)done, 1);
  if (done > 0 && fd == 1 && trace >= 0) record(SAID, 0, 0, data, (uint64_t)done, 1);
  return done;
}

#define SYNC(name, number)                                                                      \
  int name(int fd) {                                                                            \
    if (traced(fd) > 0 && has_flag("BROKEN_FLAG")) {                                            \
      errno = EIO;                                                                              \
      return -1;                                                                                \
    }                                                                                           \
    int result = (int)syscall(number, fd);                                                      \
    if (result == 0 && traced(fd) > 0) record(SYNCED, (uint64_t)traced(fd), 0, NULL, 0, 0);     \
    return result;                                                                              \
  }
SYNC(fsync, SYS_fsync)
SYNC(fdatasync, SYS_fdatasync)

#define TRUNCATE(name)                                                                          \
  int name(int fd, off_t length) {                                                              \
    int result = (int)syscall(SYS_ftruncate, fd, length);                                       \
    if (result == 0 && traced(fd) > 0) record(CUT, (uint64_t)traced(fd), (uint64_t)length, NULL, 0, 0); \
    return result;                                                                              \
  }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

int unlink(const char *path) {
  int result = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
  int file = result == 0 ? number_of(path) : 0;
  if (file > 0) record(REMOVED, (uint64_t)file, 0, NULL, 0, 0);
  return result;
}
