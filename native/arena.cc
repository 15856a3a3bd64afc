// Where the CPU tensors live: one range of addresses, best fit, neighbours merged on release.
//
// A training step asks for the same large blocks again and again. The C library hands such blocks back to the system
// and asks for them again, so that every step touches thousands of fresh pages (a sixth of the time of a DCGAN step), or,
// set to keep them, wastes half as much again as is in use, because an aligned block that was freed does not fit the
// next request of the same size. Here a freed block fits, and pages stay.
#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "environment.h"

namespace gantry {
namespace {

constexpr size_t kAlignment = 64;
/// Smaller blocks are the C library's: it is good at them, and they would only chop the range up.
constexpr size_t kSmallest = size_t{1} << 15;

class Arena final : public c10::Allocator {
 public:
  /// Reserves addresses, not memory, and never more than the machine has: a request that no machine could serve must
  /// fail in the C library instead of being promised here.
  Arena() {
    const auto size = static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
    void* range = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) return;
    begin_ = top_ = static_cast<char*>(range);
    end_ = begin_ + size;
  }

  // libtorch declares this method const up to 2.2 and not after: one of the two overrides, the other is never called.
  c10::DataPtr allocate(size_t bytes) const { return allocated(bytes); }
  c10::DataPtr allocate(size_t bytes) { return allocated(bytes); }

  c10::DeleterFnPtr raw_deleter() const override { return &Arena::release_data; }

  void copy_data(void* to, const void* from, std::size_t bytes) const { std::memcpy(to, from, bytes); }

  size_t growth(size_t bytes) const {
    const std::lock_guard<std::mutex> guard(mutex_);
    const size_t size = aligned(bytes);
    if (free_by_size_.lower_bound({size, nullptr}) != free_by_size_.end()) return 0;
    return size - static_cast<size_t>(top_ - lowest_before_top());
  }

  static Arena& instance() {
    // Never destroyed: tensors of the engine's own statics are released after ours.
    static Arena* arena = new Arena();
    return *arena;
  }

 private:
  c10::DataPtr allocated(size_t bytes) const {
    void* data = bytes == 0 ? nullptr : take(bytes);
    return {data, data, &Arena::release_data, c10::Device(c10::DeviceType::CPU)};
  }

  static void release_data(void* data) {
    if (data != nullptr) instance().give_back(static_cast<char*>(data));
  }

  void* take(size_t bytes) const {
    if (bytes >= kSmallest && bytes < static_cast<size_t>(end_ - begin_)) {
      const std::lock_guard<std::mutex> guard(mutex_);
      if (char* block = fit(aligned(bytes))) return block;
    }
    void* data = nullptr;
    TORCH_CHECK(posix_memalign(&data, kAlignment, bytes) == 0, "not enough memory: you tried to allocate ", bytes,
                " bytes");
    return data;
  }

  static size_t aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

  /// Where the free block just below the top begins; the top itself where there is none.
  char* lowest_before_top() const {
    if (free_.empty()) return top_;
    const auto last = std::prev(free_.end());
    return last->first + last->second == top_ ? last->first : top_;
  }

  /// The smallest free block that is large enough, the lowest among equals; else new addresses at the top, after
  /// whatever is free just below it. Null when the range is full.
  char* fit(size_t size) const {
    char* block;
    const auto found = free_by_size_.lower_bound({size, nullptr});
    if (found != free_by_size_.end()) {
      block = found->second;
      const size_t whole = found->first;
      forget(block, whole);
      if (whole > size) remember(block + size, whole - size);
    } else {
      block = lowest_before_top();
      if (static_cast<size_t>(end_ - block) < size) return nullptr;
      if (block != top_) forget(block, static_cast<size_t>(top_ - block));
      top_ = block + size;
    }
    used_[block] = size;
    return block;
  }

  void give_back(char* block) {
    if (block < begin_ || block >= end_) {
      std::free(block);
      return;
    }
    const std::lock_guard<std::mutex> guard(mutex_);
    const auto entry = used_.find(block);
    size_t size = entry->second;
    used_.erase(entry);
    const auto after = free_.lower_bound(block);
    if (after != free_.end() && block + size == after->first) {
      size += after->second;
      forget(after->first, after->second);
    }
    const auto next = free_.lower_bound(block);
    if (next != free_.begin()) {
      const auto before = std::prev(next);
      if (before->first + before->second == block) {
        block = before->first;
        size += before->second;
        forget(before->first, before->second);
      }
    }
    remember(block, size);
  }

  void remember(char* block, size_t size) const {
    free_[block] = size;
    free_by_size_.insert({size, block});
  }

  // By value: `block` may be the key of the entry that goes.
  void forget(char* block, size_t size) const {
    free_by_size_.erase({size, block});
    free_.erase(block);
  }

  // mutable: see allocate().
  mutable std::mutex mutex_;
  mutable std::map<char*, size_t> used_;
  mutable std::map<char*, size_t> free_;
  mutable std::set<std::pair<size_t, char*>> free_by_size_;
  char* begin_ = nullptr;
  char* end_ = nullptr;
  mutable char* top_ = nullptr;
};

}  // namespace

c10::Allocator& arena() { return Arena::instance(); }

size_t arena_growth(size_t bytes) { return Arena::instance().growth(bytes); }

}  // namespace gantry
