#include "nccl.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "version.h"

namespace gantry {
namespace {

using at::Tensor;

// The interface of nccl.h as it has been since 2.10, the first version with bfloat16. Types and numbers are those of 2.31.
extern "C" {
struct ncclComm;
struct ncclUniqueId {
  char internal[128];
};
}
using Result = int;
constexpr Result kSuccess = 0, kInProgress = 7;
constexpr int kSum = 0;

/// The functions of the library.
struct Library {
  Result (*get_version)(int*);
  Result (*get_unique_id)(ncclUniqueId*);
  Result (*init_rank)(ncclComm**, int size, ncclUniqueId, int rank);
  Result (*destroy)(ncclComm*);
  Result (*abort)(ncclComm*);
  Result (*get_async_error)(ncclComm*, Result*);
  const char* (*error_string)(Result);
  Result (*all_reduce)(const void* from, void* to, size_t count, int type, int operation, ncclComm*, void* stream);
  Result (*all_gather)(const void* from, void* to, size_t count, int type, ncclComm*, void* stream);
  Result (*broadcast)(const void* from, void* to, size_t count, int type, int root, ncclComm*, void* stream);
};

constexpr const char* kFile = "libnccl.so.2";

/// The library of the GPU build of libtorch, where it has loaded one; that of the package beside a wheel's torch; the loader's.
void* opened() {
  if (void* loaded = dlopen(kFile, RTLD_NOW | RTLD_NOLOAD)) return loaded;
  Dl_info torch;
  if (dladdr(reinterpret_cast<const void*>(&c10::GetAllocator), &torch) != 0 && torch.dli_fname != nullptr) {
    const std::string path = torch.dli_fname;
    const std::string folder = path.substr(0, path.rfind('/') + 1);
    if (void* beside = dlopen((folder + "../../nvidia/nccl/lib/" + kFile).c_str(), RTLD_NOW)) return beside;
  }
  if (void* found = dlopen(kFile, RTLD_NOW)) return found;
  throw std::runtime_error(dlerror());
}

Library load() {
  void* file = opened();
  const auto find = [&](auto& function, const char* name) {
    void* const address = dlsym(file, name);
    if (address == nullptr) throw std::runtime_error(std::string(kFile) + " has no " + name);
    function = reinterpret_cast<std::decay_t<decltype(function)>>(address);
  };
  Library library;
  find(library.get_version, "ncclGetVersion");
  find(library.get_unique_id, "ncclGetUniqueId");
  find(library.init_rank, "ncclCommInitRank");
  find(library.destroy, "ncclCommDestroy");
  find(library.abort, "ncclCommAbort");
  find(library.get_async_error, "ncclCommGetAsyncError");
  find(library.error_string, "ncclGetErrorString");
  find(library.all_reduce, "ncclAllReduce");
  find(library.all_gather, "ncclAllGather");
  find(library.broadcast, "ncclBroadcast");
  return library;
}

const Library& nccl() {
  static const Library library = load();
  return library;
}

void check_nccl(Result result, const char* what) {
  if (result != kSuccess) throw std::runtime_error(std::string("NCCL: ") + what + ": " + nccl().error_string(result));
}

/// NCCL's number of a type; -1 for none.
int type_of(at::ScalarType type) {
  switch (type) {
    case at::kChar: return 0;
    case at::kByte:
    case at::kBool: return 1;
    case at::kInt: return 2;
    case at::kLong: return 4;
    case at::kHalf: return 6;
    case at::kFloat: return 7;
    case at::kDouble: return 8;
    case at::kBFloat16: return 9;
    default: return -1;
  }
}

c10::Stream current_stream(c10::Device device) { return c10::impl::VirtualGuardImpl(device.type()).getStream(device); }

/// CUDA's name of a stream. The default one is 0 in libtorch as in CUDA.
void* handle_of(const c10::Stream& stream) {
  if (stream.id() == 0) return nullptr;
#ifdef GANTRY_STREAM_HANDLES
  return stream.native_handle();
#else
  throw std::runtime_error("NCCL: this libtorch does not tell the handle of a stream other than the default one");
#endif
}

}  // namespace

std::string nccl_version() {
  int code = 0;
  check_nccl(nccl().get_version(&code), "version");
  // Before 2.9 the code was 1000 major + 100 minor + patch.
  const int unit = code < 10'000 ? 1'000 : 10'000;
  return std::to_string(code / unit) + "." + std::to_string(code % unit / 100) + "." + std::to_string(code % 100);
}

NcclId new_nccl_id() {
  ncclUniqueId made;
  check_nccl(nccl().get_unique_id(&made), "id");
  NcclId id;
  std::copy(std::begin(made.internal), std::end(made.internal), id.begin());
  return id;
}

/// Without another process, what was begun is given this long: it may be in the middle of its last part.
constexpr std::chrono::seconds kToEnd(5);
constexpr std::chrono::milliseconds kBetweenLooks(100);

struct NcclGroup::State {
  const c10::Device device;
  const int size;
  const std::function<std::string()> gone;
  ncclComm* group = nullptr;
  /// A call of NCCL has begun and not returned: it may wait for the others itself.
  std::atomic<bool> calls{false};
  std::atomic<bool> leaves{false};
  std::thread watch;
  /// Of what follows.
  mutable std::mutex mutex;
  /// The end of the last operation on the device's stream; none on devices without events.
  std::unique_ptr<c10::Event> done;
  /// Why another process is gone, so that nothing may be begun; and why something was aborted.
  std::string missing, loss;

  State(c10::Device where, int processes, std::function<std::string()> gone_)
      : device(where), size(processes), gone(std::move(gone_)) {
    if (device.is_cuda()) done = std::make_unique<c10::Event>(device.type());
  }

  template <typename Call>
  void run(const char* what, Call call) {
    refuse_alone();
    const c10::DeviceGuard guard(device);
    const c10::Stream stream = current_stream(device);
    void* const handle = handle_of(stream);
    calls = true;
    const Result result = call(handle);
    calls = false;
    if (result != kSuccess) refuse_alone();
    check_nccl(result, what);
    if (done == nullptr) return;
    const std::lock_guard<std::mutex> lock(mutex);
    done->record(stream);
  }

  void refuse_alone() const {
    const std::lock_guard<std::mutex> lock(mutex);
    if (!missing.empty()) throw std::runtime_error("connection lost: " + missing);
  }

  /// Whether something that was begun is not done.
  bool waits() const {
    if (calls) return true;
    const std::lock_guard<std::mutex> lock(mutex);
    return done != nullptr && !done->query();
  }

  /// An error that NCCL has met on the way.
  std::string failure() const {
    Result found = kSuccess;
    const Result asked = nccl().get_async_error(group, &found);
    const Result result = asked == kSuccess ? found : asked;
    return result == kSuccess || result == kInProgress ? "" : std::string("NCCL: ") + nccl().error_string(result);
  }

  /// Looks after the others until this process leaves. Returns once there is nothing left to look after.
  void look() {
    using Clock = std::chrono::steady_clock;
    Clock::time_point last_done = Clock::now();
    while (!leaves || waits()) {
      std::this_thread::sleep_for(kBetweenLooks);
      std::string why = gone();
      if (why.empty()) why = failure();
      if (why.empty() || !waits()) last_done = Clock::now();
      const bool aborts = Clock::now() - last_done >= kToEnd;
      {
        const std::lock_guard<std::mutex> lock(mutex);
        missing = why;
        if (aborts) loss = why;
      }
      if (!aborts) continue;
      const c10::DeviceGuard guard(device);
      nccl().abort(group);
      return;
    }
  }
};

NcclGroup::NcclGroup(c10::Device device, int rank, int size, const NcclId& id, std::function<std::string()> gone)
    : state_(std::make_unique<State>(device, size, std::move(gone))) {
  const c10::DeviceGuard guard(device);
  ncclUniqueId given;
  std::copy(id.begin(), id.end(), given.internal);
  check_nccl(nccl().init_rank(&state_->group, size, given, rank), "ncclCommInitRank");
  state_->watch = std::thread([state = state_.get()] { state->look(); });
}

NcclGroup::~NcclGroup() {
  if (!state_->watch.joinable()) return;
  state_->leaves = true;
  state_->watch.join();
  if (!state_->loss.empty()) return;
  const c10::DeviceGuard guard(state_->device);
  // It may wait for the others.
  if (state_->missing.empty()) {
    nccl().destroy(state_->group);
  } else {
    nccl().abort(state_->group);
  }
}

c10::Device NcclGroup::device() const { return state_->device; }

bool NcclGroup::carries(at::ScalarType type) { return type_of(type) >= 0; }

Tensor NcclGroup::sum(const Tensor& x) {
  const Tensor from = x.detach().contiguous();
  Tensor to = at::empty_like(from);
  state_->run("ncclAllReduce", [&](void* stream) {
    const int type = type_of(from.scalar_type());
    return nccl().all_reduce(from.data_ptr(), to.data_ptr(), from.numel(), type, kSum, state_->group, stream);
  });
  return to;
}

Tensor NcclGroup::gathered(const Tensor& x) {
  const Tensor from = x.detach().contiguous();
  std::vector<int64_t> shape = from.sizes().vec();
  shape.at(0) *= state_->size;
  Tensor to = at::empty(shape, from.options());
  state_->run("ncclAllGather", [&](void* stream) {
    const int type = type_of(from.scalar_type());
    return nccl().all_gather(from.data_ptr(), to.data_ptr(), from.numel(), type, state_->group, stream);
  });
  return to;
}

Tensor NcclGroup::copied(const Tensor& x, int from_rank) {
  const Tensor from = x.detach().contiguous();
  Tensor to = at::empty_like(from);
  state_->run("ncclBroadcast", [&](void* stream) {
    const int type = type_of(from.scalar_type());
    return nccl().broadcast(from.data_ptr(), to.data_ptr(), from.numel(), type, from_rank, state_->group, stream);
  });
  return to;
}

std::string NcclGroup::loss() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->loss;
}

}  // namespace gantry
