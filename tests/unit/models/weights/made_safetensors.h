#ifndef STEREOFARM_TESTS_UNIT_MODELS_WEIGHTS_MADE_SAFETENSORS_H_
#define STEREOFARM_TESTS_UNIT_MODELS_WEIGHTS_MADE_SAFETENSORS_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace stereofarm {

// A safetensors file of this header and these values, sound or not.
std::string MadeSafetensors(std::string_view header, std::string_view values);

inline std::span<const std::byte> BytesOf(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_UNIT_MODELS_WEIGHTS_MADE_SAFETENSORS_H_
