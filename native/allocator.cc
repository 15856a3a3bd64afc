// The C library's allocator, settled for training: memory of one step is kept for the next.
//
// By default glibc maps every large tensor anew and returns it to the system at once, so each step pays tens of
// thousands of page faults for the same memory (about 15% of a DCGAN step; bench/NOTES.md).
#include <climits>
#include <cstdlib>

#include "environment.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace gantry {

void settle_allocator() {
#ifdef __GLIBC__
  // A user's own setting wins.
  if (std::getenv("MALLOC_MMAP_THRESHOLD_") != nullptr || std::getenv("GLIBC_TUNABLES") != nullptr) return;
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}

}  // namespace gantry
