// JavaScript values to the dispatcher's values and back.
#include "marshal.h"

#include <ATen/core/jit_type.h>
#include <c10/core/Device.h>

#include <cmath>

namespace gantry {
namespace {

constexpr double kLargestSafeInteger = 9007199254740991.0;

struct DTypeName {
  const char* name;
  at::ScalarType type;
};
constexpr DTypeName kDTypes[] = {
    {"float32", at::kFloat}, {"float64", at::kDouble}, {"float16", at::kHalf}, {"bfloat16", at::kBFloat16},
    {"int64", at::kLong},    {"int32", at::kInt},      {"int16", at::kShort},  {"int8", at::kChar},
    {"uint8", at::kByte},    {"bool", at::kBool},
};

Kind element_kind(const c10::TypePtr& type) {
  switch (type->kind()) {
    case c10::TypeKind::TensorType: return Kind::TensorList;
    case c10::TypeKind::OptionalType: return Kind::OptionalTensorList;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType: return Kind::IntList;
    case c10::TypeKind::FloatType: return Kind::FloatList;
    case c10::TypeKind::BoolType: return Kind::BoolList;
    default: return Kind::Unsupported;
  }
}

Kind kind_of(const c10::TypePtr& type) {
  switch (type->kind()) {
    case c10::TypeKind::TensorType: return Kind::Tensor;
    case c10::TypeKind::NumberType: return Kind::Scalar;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType: return Kind::Int;
    case c10::TypeKind::FloatType: return Kind::Float;
    case c10::TypeKind::BoolType: return Kind::Bool;
    case c10::TypeKind::StringType: return Kind::String;
    case c10::TypeKind::DeviceObjType: return Kind::Device;
    case c10::TypeKind::GeneratorType: return Kind::Generator;
    // In the schema's public type these three look like int; only the real type tells.
    case c10::TypeKind::ScalarTypeType: return Kind::DType;
    case c10::TypeKind::MemoryFormatType: return Kind::MemoryFormat;
    case c10::TypeKind::LayoutType: return Kind::Layout;
    case c10::TypeKind::ListType: return element_kind(type->castRaw<c10::ListType>()->getElementType());
    default: return Kind::Unsupported;
  }
}

/// What a person would call the values that a parameter takes.
const char* expectation(const Parameter& parameter) {
  switch (parameter.kind) {
    case Kind::Tensor: return "a Tensor";
    case Kind::TensorList:
    case Kind::OptionalTensorList: return "a list of Tensors";
    case Kind::Scalar:
    case Kind::Float: return "a number";
    case Kind::Int: return "a whole number";
    case Kind::Bool: return "true or false";
    case Kind::IntList: return parameter.repeat > 0 ? "a whole number or a list of them" : "a list of whole numbers";
    case Kind::FloatList: return parameter.repeat > 0 ? "a number or a list of them" : "a list of numbers";
    case Kind::BoolList: return "a list of booleans";
    case Kind::DType: return "a dtype's name";
    case Kind::Device: return "a device's name";
    case Kind::MemoryFormat: return "a memory format's name";
    case Kind::Generator: return "a Generator";
    default: return parameter.type.c_str();
  }
}

[[noreturn]] void reject(napi_env env, const Parameter& parameter, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  static const char* names[] = {"undefined", "null",       "a boolean",   "the number ", "the string ",
                                "a symbol",  "an object",  "a function",  "an external", "a bigint"};
  std::string shown = names[type];
  if (type == napi_number || type == napi_string) {
    napi_value text;
    check(napi_coerce_to_string(env, value, &text), "text");
    shown += string_from_js(env, text).substr(0, 60);
  }
  throw std::invalid_argument("argument `" + parameter.name + "` must be " + expectation(parameter) + ", got " + shown);
}

bool is_absent(napi_env env, napi_value value) {
  napi_valuetype type;
  check(napi_typeof(env, value, &type), "typeof");
  return type == napi_undefined || type == napi_null;
}

int64_t int_from_js(napi_env env, const Parameter& parameter, napi_value value) {
  double number = 0;
  if (napi_get_value_double(env, value, &number) != napi_ok) {
    int64_t wide = 0;
    bool lossless = false;
    if (napi_get_value_bigint_int64(env, value, &wide, &lossless) == napi_ok && lossless) return wide;
    reject(env, parameter, value);
  }
  if (!(std::fabs(number) <= kLargestSafeInteger) || number != std::trunc(number)) reject(env, parameter, value);
  return static_cast<int64_t>(number);
}

double float_from_js(napi_env env, const Parameter& parameter, napi_value value) {
  double number = 0;
  if (napi_get_value_double(env, value, &number) != napi_ok) reject(env, parameter, value);
  return number;
}

bool bool_from_js(napi_env env, const Parameter& parameter, napi_value value) {
  bool flag = false;
  if (napi_get_value_bool(env, value, &flag) != napi_ok) reject(env, parameter, value);
  return flag;
}

/// Whole numbers stay integers, so that an integer tensor times 2 stays an integer tensor.
at::Scalar scalar_from_js(napi_env env, const Parameter& parameter, napi_value value) {
  double number = 0;
  if (napi_get_value_double(env, value, &number) != napi_ok) {
    bool flag = false;
    if (napi_get_value_bool(env, value, &flag) == napi_ok) return at::Scalar(flag);
    return at::Scalar(int_from_js(env, parameter, value));
  }
  const bool whole = std::fabs(number) <= kLargestSafeInteger && number == std::trunc(number);
  // -0 is whole too, but its sign would be lost.
  if (whole && !(number == 0 && std::signbit(number))) return at::Scalar(static_cast<int64_t>(number));
  return at::Scalar(number);
}

const at::Tensor& tensor_of_number(Environment& environment, const Parameter& parameter, uint32_t number) {
  if (!environment.tensors.has(number))
    throw std::invalid_argument("argument `" + parameter.name + "` is a tensor that was freed");
  return environment.tensors.at(number, "tensor");
}

const at::Tensor& tensor_from_js(napi_env env, Environment& environment, const Parameter& parameter, napi_value value) {
  uint32_t number = 0;
  if (napi_get_value_uint32(env, value, &number) != napi_ok) reject(env, parameter, value);
  return tensor_of_number(environment, parameter, number);
}

template <typename Visit>
void each_element(napi_env env, const Parameter& parameter, napi_value list, Visit visit) {
  bool is_array = false;
  check(napi_is_array(env, list, &is_array), "is array");
  if (!is_array) reject(env, parameter, list);
  uint32_t length = 0;
  check(napi_get_array_length(env, list, &length), "list length");
  for (uint32_t i = 0; i < length; i++) {
    napi_value element;
    check(napi_get_element(env, list, i, &element), "list element");
    visit(element);
  }
}

template <typename T, typename Read>
c10::IValue list_from_js(napi_env env, const Parameter& parameter, napi_value value, Read read) {
  c10::List<T> list;
  napi_valuetype type;
  check(napi_typeof(env, value, &type), "typeof");
  if (parameter.repeat > 0 && type == napi_number) {
    for (int32_t i = 0; i < parameter.repeat; i++) list.push_back(read(value));
  } else {
    each_element(env, parameter, value, [&](napi_value element) { list.push_back(read(element)); });
  }
  return list;
}

at::Layout layout_from_name(const std::string& name) {
  if (name == "strided") return at::kStrided;
  throw std::invalid_argument("unknown layout \"" + name + "\"; accepted: strided");
}

}  // namespace

Parameter::Parameter(const c10::Argument& argument)
    : name(argument.name()), has_default(argument.default_value().has_value()) {
  if (has_default) default_value = *argument.default_value();
  c10::TypePtr real = argument.real_type();
  if (real->kind() == c10::TypeKind::OptionalType) {
    optional = true;
    real = real->castRaw<c10::OptionalType>()->getElementType();
  }
  kind = kind_of(real);
  if (argument.N().has_value()) repeat = *argument.N();
  type = argument.real_type()->str();
}

std::string string_from_js(napi_env env, napi_value value) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok)
    throw std::invalid_argument("a string was expected");
  std::string text(length, '\0');
  check(napi_get_value_string_utf8(env, value, text.data(), length + 1, &length), "string");
  return text;
}

at::ScalarType dtype_from_name(const std::string& name) {
  std::string accepted;
  for (const auto& [known, type] : kDTypes) {
    if (name == known) return type;
    accepted += (accepted.empty() ? "" : ", ") + std::string(known);
  }
  throw std::invalid_argument("unknown dtype \"" + name + "\"; accepted: " + accepted);
}

const char* dtype_name(at::ScalarType type) {
  for (const auto& [name, known] : kDTypes)
    if (type == known) return name;
  throw std::invalid_argument(std::string("a dtype that Gantry does not use: ") + at::toString(type));
}

at::MemoryFormat memory_format_from_name(const std::string& name) {
  if (name == "contiguous") return at::MemoryFormat::Contiguous;
  if (name == "channelsLast") return at::MemoryFormat::ChannelsLast;
  if (name == "preserve") return at::MemoryFormat::Preserve;
  throw std::invalid_argument("unknown memory format \"" + name + "\"; accepted: contiguous, channelsLast, preserve");
}

c10::IValue when_absent(const Parameter& parameter) {
  if (parameter.has_default) return parameter.default_value;
  if (parameter.optional) return c10::IValue();
  throw std::invalid_argument("argument `" + parameter.name + "` is missing; it must be " + expectation(parameter));
}

c10::IValue from_js(napi_env env, Environment& environment, const Parameter& parameter, napi_value value) {
  if (parameter.kind == Kind::Tensor) {
    uint32_t number = 0;
    if (napi_get_value_uint32(env, value, &number) == napi_ok) return tensor_of_number(environment, parameter, number);
  }
  if (is_absent(env, value)) return when_absent(parameter);
  switch (parameter.kind) {
    case Kind::Tensor: return tensor_from_js(env, environment, parameter, value);
    case Kind::TensorList:
      return list_from_js<at::Tensor>(
          env, parameter, value, [&](napi_value v) { return tensor_from_js(env, environment, parameter, v); });
    case Kind::OptionalTensorList:
      return list_from_js<Optional<at::Tensor>>(env, parameter, value, [&](napi_value v) -> Optional<at::Tensor> {
        if (is_absent(env, v)) return {};
        return tensor_from_js(env, environment, parameter, v);
      });
    case Kind::Scalar: return scalar_from_js(env, parameter, value);
    case Kind::Int: return int_from_js(env, parameter, value);
    case Kind::Float: return float_from_js(env, parameter, value);
    case Kind::Bool: return bool_from_js(env, parameter, value);
    case Kind::IntList:
      return list_from_js<int64_t>(env, parameter, value, [&](napi_value v) { return int_from_js(env, parameter, v); });
    case Kind::FloatList:
      return list_from_js<double>(env, parameter, value, [&](napi_value v) { return float_from_js(env, parameter, v); });
    case Kind::BoolList:
      return list_from_js<bool>(env, parameter, value, [&](napi_value v) { return bool_from_js(env, parameter, v); });
    case Kind::Generator: {
      uint32_t number = 0;
      if (napi_get_value_uint32(env, value, &number) != napi_ok) reject(env, parameter, value);
      return environment.generators.at(number, "generator");
    }
    default: break;
  }
  napi_valuetype type;
  check(napi_typeof(env, value, &type), "typeof");
  if (type != napi_string) reject(env, parameter, value);
  const std::string text = string_from_js(env, value);
  switch (parameter.kind) {
    case Kind::String: return text;
    case Kind::DType: return dtype_from_name(text);
    case Kind::Device: return c10::Device(text);
    case Kind::MemoryFormat: return memory_format_from_name(text);
    case Kind::Layout: return layout_from_name(text);
    default:
      throw std::invalid_argument("argument `" + parameter.name + "` has the type " + parameter.type +
                                  ", which Gantry does not pass");
  }
}

uint32_t number_of(Environment& environment, const at::Tensor& tensor) {
  if (!tensor.defined()) return 0;
  // Derivatives that vanish come as tensors without memory, which every read of their values would have to know.
  return environment.tensors.insert(tensor._is_zerotensor() ? tensor.clone() : tensor);
}

napi_value result_to_js(napi_env env, Environment& environment, const c10::IValue& value) {
  napi_value result = nullptr;
  if (value.isTensor()) {
    check(napi_create_uint32(env, number_of(environment, value.toTensor()), &result), "number");
  } else if (value.isInt()) {
    return to_js(env, static_cast<double>(value.toInt()));
  } else if (value.isDouble()) {
    return to_js(env, value.toDouble());
  } else if (value.isBool()) {
    return to_js(env, value.toBool());
  } else if (value.isString()) {
    return to_js(env, value.toStringRef());
  } else if (value.isNone()) {
    check(napi_get_null(env, &result), "null");
  } else if (value.isList() || value.isTuple()) {
    const auto fill = [&](const auto& elements) {
      check(napi_create_array_with_length(env, elements.size(), &result), "list");
      uint32_t i = 0;
      for (const c10::IValue element : elements)
        check(napi_set_element(env, result, i++, result_to_js(env, environment, element)), "list element");
    };
    if (value.isTuple())
      fill(value.toTupleRef().elements());
    else
      fill(value.toList());
  } else {
    throw std::invalid_argument("a result of the type " + value.tagKind() + ", which Gantry does not pass");
  }
  return result;
}

}  // namespace gantry
