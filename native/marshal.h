// JavaScript values to the dispatcher's values and back, as an operator's own schema says.
#pragma once

#include <ATen/core/function_schema.h>
#include <ATen/core/ivalue.h>

#include "environment.h"

namespace gantry {

/// What an argument or result is. JavaScript passes tensors and generators by number and everything else as itself.
enum class Kind : uint8_t {
  Tensor,
  TensorList,
  OptionalTensorList,
  Scalar,
  Int,
  Float,
  Bool,
  String,
  IntList,
  FloatList,
  BoolList,
  DType,
  Device,
  MemoryFormat,
  Layout,
  Generator,
  Unsupported,
};

struct Parameter {
  std::string name;
  Kind kind = Kind::Unsupported;
  bool optional = false;
  bool has_default = false;
  c10::IValue default_value;
  /// `int[2] stride` takes one number for all: how many, or 0.
  int32_t repeat = 0;
  std::string type;

  explicit Parameter(const c10::Argument& argument);
};

/// The value of an argument that JavaScript left out; throws std::invalid_argument where the schema has none.
c10::IValue when_absent(const Parameter& parameter);

/// The dispatcher's value for a JavaScript value; throws std::invalid_argument that names the parameter.
c10::IValue from_js(napi_env env, Environment& environment, const Parameter& parameter, napi_value value);

/// Enters a tensor that an operator returned; 0 where it is undefined.
uint32_t number_of(Environment& environment, const at::Tensor& tensor);

/// The JavaScript value for a result; tensors become numbers (0 where undefined).
napi_value result_to_js(napi_env env, Environment& environment, const c10::IValue& value);

/// "float32" and its like; throws std::invalid_argument for an unknown name.
at::ScalarType dtype_from_name(const std::string& name);
const char* dtype_name(at::ScalarType type);
at::MemoryFormat memory_format_from_name(const std::string& name);

/// A JavaScript string as UTF-8.
std::string string_from_js(napi_env env, napi_value value);

}  // namespace gantry
