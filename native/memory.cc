// A request for memory that cannot be met is an error instead of the end of the process.
#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>
#include <node_api.h>

#include <cstdio>
#include <cstring>

#include "environment.h"

// Node's own library, whose header does not come with Node-API: the limit of the control group, 0 where there is none.
extern "C" uint64_t uv_get_constrained_memory(void);

namespace gantry {
namespace {

/// From here on a request is compared with what the machine has; reading that takes some 20 microseconds, which a block
/// of this size costs many times over when it is first touched.
constexpr size_t kLargeRequest = size_t{256} << 20;

/// Bytes that can be had at most, or 0 where the system does not say. Of a control group its limit is counted, not what
/// is left of it: what it has used includes files that it can drop.
uint64_t available_memory() {
  uint64_t available = 0;
  if (std::FILE* file = std::fopen("/proc/meminfo", "r")) {
    char line[128];
    unsigned long long kilobytes = 0;
    while (std::fgets(line, sizeof line, file) != nullptr) {
      if (std::sscanf(line, "MemAvailable: %llu", &kilobytes) == 1) available += kilobytes << 10;
      if (std::sscanf(line, "SwapFree: %llu", &kilobytes) == 1) available += kilobytes << 10;
    }
    std::fclose(file);
  }
  const uint64_t group = uv_get_constrained_memory();
  return group > 0 && (available == 0 || group < available) ? group : available;
}

/// The arena with a look before the leap: Linux grants more than it has and kills the process later.
class CheckedAllocator final : public c10::Allocator {
 public:
  explicit CheckedAllocator(c10::Allocator* base) : base_(base) {}

  // libtorch declares this method const up to 2.2 and not after: one of the two overrides, the other is never called.
  c10::DataPtr allocate(size_t bytes) const { return checked(bytes); }
  c10::DataPtr allocate(size_t bytes) { return checked(bytes); }
  c10::DeleterFnPtr raw_deleter() const override { return base_->raw_deleter(); }
  void copy_data(void* to, const void* from, std::size_t bytes) const { std::memcpy(to, from, bytes); }

 private:
  c10::DataPtr checked(size_t bytes) const {
    if (bytes >= kLargeRequest) {
      const uint64_t available = available_memory();
      TORCH_CHECK(available == 0 || arena_growth(bytes) <= available, "not enough memory: ", bytes >> 20,
                  " MiB were asked for, ", available >> 20, " MiB are available");
    }
    return base_->allocate(bytes);
  }

  c10::Allocator* base_;
};

}  // namespace

void guard_allocations() {
  static CheckedAllocator allocator(&arena());
  static const bool installed = (c10::SetCPUAllocator(&allocator), true);
  static_cast<void>(installed);
}

}  // namespace gantry
