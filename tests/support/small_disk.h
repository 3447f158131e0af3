#ifndef STEREOFARM_TESTS_SUPPORT_SMALL_DISK_H_
#define STEREOFARM_TESTS_SUPPORT_SMALL_DISK_H_

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/temp_folder.h"

namespace stereofarm {

// A disk of its own for one test, small enough to be filled. Mounting one takes rights that not
// every machine gives: ask is_there() and skip the test without it.
class SmallDisk {
 public:
  explicit SmallDisk(int64_t bytes) {
    is_there_ = mount("tmpfs", folder_.path().c_str(), "tmpfs", 0,
                      ("size=" + std::to_string(bytes)).c_str()) == 0;
  }
  ~SmallDisk() {
    if (is_there_) umount2(folder_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool is_there() const { return is_there_; }
  const std::filesystem::path& path() const { return folder_.path(); }
  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }

  // To the last byte, until Empty; more where room has come since.
  void Fill() const {
    const int fd = open(filler().c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    const std::vector<char> bytes(1 << 16);
    for (size_t step = bytes.size(); step > 0; step /= 4) {
      while (write(fd, bytes.data(), step) > 0) {
      }
    }
    close(fd);
  }
  // What Fill took is free again.
  void Empty() const { std::filesystem::remove(filler()); }

 private:
  std::filesystem::path filler() const { return folder_ / "filler"; }

  TempFolder folder_;
  bool is_there_ = false;
};

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_SUPPORT_SMALL_DISK_H_
