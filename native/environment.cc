// The binding's entry: one Environment for each JavaScript environment, and the plumbing that every native
// function shares (arguments in, exceptions out).
#include "environment.h"

#include "accelerator.h"
#include "autocast.h"

#include <ATen/Tensor.h>

namespace gantry {
namespace {

/// TorchScript puts its traceback first and the error last; users read it better the other way round.
std::string message_first(const std::string& message) {
  static const std::string label = "RuntimeError: ";
  if (message.find("TorchScript interpreter") == std::string::npos) return message;
  const size_t start = message.rfind(label);
  if (start == std::string::npos) return message;
  return message.substr(start + label.size()) + "\n" + message.substr(0, start);
}

}  // namespace

Environment& environment_of(napi_env env) {
  void* data = nullptr;
  check(napi_get_instance_data(env, &data), "instance data");
  if (data == nullptr) throw std::runtime_error("the environment was closed");
  return *static_cast<Environment*>(data);
}

void raise_current(napi_env env, const std::string& prefix) {
  std::string message;
  try {
    throw;
  } catch (const PendingException&) {
    return;
  } catch (const c10::Error& error) {
    message = error.what_without_backtrace();
  } catch (const std::bad_alloc&) {
    message = "not enough memory";
  } catch (const std::exception& error) {
    message = error.what();
  } catch (...) {
    message = "an exception of an unknown kind";
  }
  // TorchScript and the dispatcher append C++ backtraces; users need the text before them.
  const size_t backtrace = message.find("\nException raised from");
  if (backtrace != std::string::npos) message.resize(backtrace);
  message = message_first(message);
  while (!message.empty() && message.back() == '\n') message.pop_back();
  napi_throw_error(env, nullptr, (prefix + ": " + message).c_str());
}

uint32_t Arguments::number(size_t i) const {
  uint32_t value = 0;
  check(napi_get_value_uint32(env_, (*this)[i], &value), "a number was expected");
  return value;
}

double Arguments::real(size_t i) const {
  double value = 0;
  check(napi_get_value_double(env_, (*this)[i], &value), "a number was expected");
  return value;
}

int64_t Arguments::integer(size_t i) const {
  const double value = real(i);
  const auto whole = static_cast<int64_t>(value >= -9.1e15 && value <= 9.1e15 ? value : 0);
  if (static_cast<double>(whole) != value) throw std::invalid_argument("a whole number was expected");
  return whole;
}

bool Arguments::boolean(size_t i) const {
  bool value = false;
  check(napi_get_value_bool(env_, (*this)[i], &value), "a boolean was expected");
  return value;
}

std::string Arguments::text(size_t i) const {
  size_t length = 0;
  check(napi_get_value_string_utf8(env_, (*this)[i], nullptr, 0, &length), "a string was expected");
  std::string value(length, '\0');
  check(napi_get_value_string_utf8(env_, (*this)[i], value.data(), length + 1, &length), "a string was expected");
  return value;
}

std::vector<uint32_t> Arguments::numbers(size_t i) const {
  uint32_t length = 0;
  check(napi_get_array_length(env_, (*this)[i], &length), "a list was expected");
  std::vector<uint32_t> values(length);
  for (uint32_t j = 0; j < length; j++) {
    napi_value element;
    check(napi_get_element(env_, (*this)[i], j, &element), "list element");
    check(napi_get_value_uint32(env_, element, &values[j]), "a list of numbers was expected");
  }
  return values;
}

bool Arguments::absent(size_t i) const {
  if (i >= count_) return true;
  napi_valuetype type;
  check(napi_typeof(env_, values_[i], &type), "typeof");
  return type == napi_undefined || type == napi_null;
}

napi_value to_js(napi_env env, double value) {
  napi_value result;
  check(napi_create_double(env, value, &result), "number");
  return result;
}

napi_value to_js(napi_env env, bool value) {
  napi_value result;
  check(napi_get_boolean(env, value, &result), "boolean");
  return result;
}

napi_value to_js(napi_env env, const std::string& value) {
  napi_value result;
  check(napi_create_string_utf8(env, value.data(), value.size(), &result), "string");
  return result;
}

void export_function(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  check(napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function), name);
  check(napi_set_named_property(env, exports, name, function), name);
}

namespace {

// Tensors must die before libtorch's own statics do, or the process crashes after its work is done. Instance data is
// finalized while the environment closes; where Node skips that (process.exit() on the main thread), the heap object is
// left as it is, which is as safe: only destructors that run too late do harm.
void close(napi_env, void* data, void*) { delete static_cast<Environment*>(data); }

napi_value open(napi_env env, napi_value exports) {
  return guarded(env, "gantry", [&] {
    guard_allocations();
    define_operators();
    check(napi_set_instance_data(env, new Environment(), close, nullptr), "instance data");
    export_operators(env, exports);
    export_tensors(env, exports);
    export_random(env, exports);
    export_accelerator(env, exports);
    export_graphs(env, exports);
    export_autocast(env, exports);
    export_autograd(env, exports);
    export_script(env, exports);
    export_engine(env, exports);
    export_collectives(env, exports);
    return exports;
  });
}

}  // namespace
}  // namespace gantry

NAPI_MODULE_INIT() { return gantry::open(env, exports); }
