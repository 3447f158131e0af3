#ifndef STEREOFARM_TESTS_SUPPORT_TEST_DATA_H_
#define STEREOFARM_TESTS_SUPPORT_TEST_DATA_H_

#include <cstdlib>
#include <filesystem>
#include <string>

namespace stereofarm {

// A file that is kept beside the checkout, not in it: of the folder that the environment's
// STEREOFARM_SHARED names, else of `shared` beside the source tree. It may not be there: tests that
// need it skip with SF_SKIP_WITHOUT.
inline std::filesystem::path SharedFile(const std::string& name) {
  const char* folder = std::getenv("STEREOFARM_SHARED");
  const std::filesystem::path root =
      folder != nullptr && *folder != '\0'
          ? std::filesystem::path(folder)
          : std::filesystem::path(STEREOFARM_SOURCE_DIR).parent_path() / "shared";
  return root / name;
}

// A file of tests/data.
inline std::filesystem::path TestData(const std::string& name) {
  return std::filesystem::path(STEREOFARM_SOURCE_DIR) / "tests" / "data" / name;
}

}  // namespace stereofarm

#define SF_SKIP_WITHOUT(path)                                                            \
  if (!std::filesystem::exists(path)) {                                                  \
    GTEST_SKIP() << (path).string() << " is not here; STEREOFARM_SHARED names its root"; \
  }                                                                                      \
  static_assert(true, "")

#endif  // STEREOFARM_TESTS_SUPPORT_TEST_DATA_H_
