#ifndef STEREOFARM_COMMON_IMAGE_NPZ_H_
#define STEREOFARM_COMMON_IMAGE_NPZ_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/image/image.h"

namespace stereofarm {

// Arrays as NumPy's load() reads them: a zip archive of stored .npy members. The same arrays give
// the same bytes.
class NpzWriter {
 public:
  // `name` of letters. The first channel of `image` as [1, height, width] of float32.
  void AddPicture(const std::string& name, const Image& image);
  // [1] of int64 or float64.
  void AddNumber(const std::string& name, int64_t value);
  void AddNumber(const std::string& name, double value);
  // Replaces the file in one step. InvalidArgument from 4 GiB on, which a plain zip can't hold.
  absl::Status Write(const std::filesystem::path& path) const;

 private:
  struct Member {
    std::string name;
    std::string bytes;
  };
  void Add(const std::string& name, const std::string& type, const std::string& shape,
           std::string_view values);

  std::vector<Member> members_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_IMAGE_NPZ_H_
