#include "tests/unit/models/weights/made_safetensors.h"

namespace stereofarm {

std::string MadeSafetensors(std::string_view header, std::string_view values) {
  std::string file;
  for (int i = 0; i < 8; ++i) file += static_cast<char>((header.size() >> (8 * i)) & 0xff);
  file += header;
  file += values;
  return file;
}

}  // namespace stereofarm
