// What one JavaScript environment (the main thread or a worker) owns: its tensors, generators and scripts, each
// known to JavaScript by a small number. Nothing is static: two workers never see each other's tables.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <c10/core/Allocator.h>
#include <node_api.h>

#include <exception>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "version.h"

namespace torch::jit {
struct Module;
}

namespace gantry {

/// Numbers for objects. Number 0 is "none"; a number is reused after its object was released.
template <typename T>
class Table {
 public:
  uint32_t insert(T value) {
    if (free_.empty()) {
      slots_.push_back(std::move(value));
      used_.push_back(true);
      return static_cast<uint32_t>(slots_.size());
    }
    const uint32_t number = free_.back();
    free_.pop_back();
    slots_[number - 1] = std::move(value);
    used_[number - 1] = true;
    return number;
  }

  bool has(uint32_t number) const { return number > 0 && number <= slots_.size() && used_[number - 1]; }

  T& at(uint32_t number, const char* what) {
    if (!has(number)) throw std::invalid_argument(std::string("no such ") + what + ": it was freed");
    return slots_[number - 1];
  }

  void release(uint32_t number) {
    if (!has(number)) return;
    slots_[number - 1] = T();
    used_[number - 1] = false;
    free_.push_back(number);
  }

  size_t size() const { return slots_.size() - free_.size(); }

 private:
  std::vector<T> slots_;
  std::vector<bool> used_;
  std::vector<uint32_t> free_;
};

/// References to JavaScript buffers whose tensors are gone. Tensors may die on any thread, references only on
/// JavaScript's: so they wait here until that thread comes by.
struct ReleasedBuffers {
  std::mutex mutex;
  std::vector<napi_ref> references;
};

/// The bytes that V8 knows of a tensor outside every scope.
struct Account {
  int64_t bytes = 0;
  /// The block that it may share with other tensors, or null for a small one.
  const c10::StorageImpl* shared = nullptr;
};

struct Environment {
  Table<at::Tensor> tensors;
  Table<at::Generator> generators;
  Table<std::shared_ptr<torch::jit::Module>> scripts;
  Table<std::shared_ptr<struct DeviceGraph>> graphs;
  /// Operators that were looked up; the JavaScript functions that call them point here.
  std::vector<std::shared_ptr<struct Operator>> operators;
  std::vector<Account> accounts;
  /// How many accounts share a block. An entry lives as long as such a tensor does, so an address never belongs to two.
  std::unordered_map<const c10::StorageImpl*, uint32_t> holders;
  /// Bytes that V8 does not know yet.
  int64_t untold = 0;
  std::shared_ptr<ReleasedBuffers> released = std::make_shared<ReleasedBuffers>();
};

Environment& environment_of(napi_env env);

/// Thrown when a JavaScript exception is already pending.
struct PendingException {};

inline void check(napi_status status, const char* what) {
  if (status == napi_ok) return;
  if (status == napi_pending_exception) throw PendingException();
  throw std::runtime_error(std::string("N-API refused: ") + what);
}

/// Raises the exception in flight as a JavaScript Error, `prefix` first; libtorch's message loses its backtrace.
void raise_current(napi_env env, const std::string& prefix);

/// Runs the body of a native function; no C++ exception of any kind leaves it.
template <typename Body>
napi_value guarded(napi_env env, const char* name, Body body) {
  try {
    return body();
  } catch (...) {
    raise_current(env, name);
    return nullptr;
  }
}

/// The arguments of a native function; reading one that is missing throws.
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info) : env_(env) {
    size_t count = kMost;
    check(napi_get_cb_info(env, info, &count, values_, nullptr, &data_), "arguments");
    if (count > kMost) throw std::invalid_argument("too many arguments");
    count_ = count;
  }

  size_t count() const { return count_; }
  void* data() const { return data_; }
  napi_value operator[](size_t i) const {
    if (i >= count_) throw std::invalid_argument("argument " + std::to_string(i) + " is missing");
    return values_[i];
  }
  uint32_t number(size_t i) const;
  int64_t integer(size_t i) const;
  double real(size_t i) const;
  bool boolean(size_t i) const;
  std::string text(size_t i) const;
  /// A list of numbers that name objects.
  std::vector<uint32_t> numbers(size_t i) const;
  bool absent(size_t i) const;

 private:
  static constexpr size_t kMost = 24;
  napi_env env_;
  napi_value values_[kMost];
  size_t count_ = 0;
  void* data_ = nullptr;
};

napi_value to_js(napi_env env, double value);
napi_value to_js(napi_env env, bool value);
napi_value to_js(napi_env env, const std::string& value);

/// Adds a function to the binding's exports.
void export_function(napi_env env, napi_value exports, const char* name, napi_callback callback);

/// Where CPU tensors live.
c10::Allocator& arena();

/// Bytes that the arena must take from the system before it can serve `bytes`: none where a freed block serves.
size_t arena_growth(size_t bytes);

/// Makes libtorch take its memory from the arena, with a check of large requests. Does its work once, however many
/// environments there are; before the first tensor.
void guard_allocations();

/// Defines Gantry's own operators in libtorch, once, however many environments there are. Throws c10::Error when
/// another binding of this process has.
void define_operators();

// One per source file: adds that file's functions.
void export_operators(napi_env env, napi_value exports);
void export_tensors(napi_env env, napi_value exports);
void export_random(napi_env env, napi_value exports);
void export_autograd(napi_env env, napi_value exports);
void export_script(napi_env env, napi_value exports);
void export_engine(napi_env env, napi_value exports);
void export_collectives(napi_env env, napi_value exports);

}  // namespace gantry
