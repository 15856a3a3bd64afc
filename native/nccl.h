// Sums and copies between GPUs by NCCL, NVIDIA's library of collectives. It is loaded at run time, so Gantry is compiled without
// CUDA, and a machine without it needs none.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <functional>
#include <memory>
#include <string>

namespace gantry {

/// What NCCL's processes find one another by: rank 0 makes it, all others are given it.
using NcclId = std::array<char, 128>;

/// The version of the library, such as "2.26.2"; throws std::runtime_error that says why it cannot be loaded.
std::string nccl_version();

NcclId new_nccl_id();

/// All processes of a group, each with one device. NCCL waits without end for a process that is gone. So a thread looks after the
/// others: where one is gone and what was begun does not end within some seconds, it is aborted.
class NcclGroup {
 public:
  /// Waits for the others. Throws std::runtime_error with NCCL's words, as all of its functions do.
  /// @param gone Why another process is gone; empty while none is. It is called from another thread.
  NcclGroup(c10::Device device, int rank, int size, const NcclId& id, std::function<std::string()> gone);

  /// Waits for what is under way.
  ~NcclGroup();

  c10::Device device() const;

  /// Whether NCCL has this type of numbers.
  static bool carries(at::ScalarType type);

  /// The sum over all processes.
  at::Tensor sum(const at::Tensor& x);
  /// Those of all processes, by rank, along the first dimension.
  at::Tensor gathered(const at::Tensor& x);
  /// That of process `from`.
  at::Tensor copied(const at::Tensor& x, int from);

  /// Why something was aborted, so that its results have no meaning; empty while nothing was.
  std::string loss() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gantry
