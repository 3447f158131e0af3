// Facts about the tree of files that no compiler checks.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

// The names that a CMakeLists.txt holds, comments left out.
std::set<std::string> NamesIn(const fs::path& lists) {
  std::set<std::string> names;
  std::ifstream file(lists);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(
        std::regex_replace(line.substr(0, line.find('#')), std::regex("[()\"]"), " "));
    for (std::string word; words >> word;) names.insert(word);
  }
  return names;
}

// Whether the CMakeLists.txt of the file's folder, or of one above up to `top`, names it.
bool IsInABuild(const fs::path& file, const fs::path& top) {
  for (fs::path folder = file.parent_path();; folder = folder.parent_path()) {
    const std::string name = fs::relative(file, folder).generic_string();
    if (fs::exists(folder / "CMakeLists.txt") &&
        NamesIn(folder / "CMakeLists.txt").contains(name)) {
      return true;
    }
    if (folder == top || folder == folder.root_path()) return false;
  }
}

TEST(TreeTest, EveryTestAndBenchmarkIsInABuild) {
  const fs::path tests = fs::path(STEREOFARM_SOURCE_DIR) / "tests";
  static const std::regex pattern(".*_(test|bench|benchmark)\\.cc");
  int count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(tests)) {
    if (!std::regex_match(entry.path().filename().string(), pattern)) continue;
    ++count;
    EXPECT_TRUE(IsInABuild(entry.path(), tests))
        << entry.path() << " is named in no CMakeLists.txt, so it never runs; add it to an sf_test";
  }
  EXPECT_GE(count, 2);
}

TEST(TreeTest, TheTopHoldsTheRoomsAndNothingElse) {
  const std::set<std::string> allowed = {"proto", "common", "models", "worker", "coordinator",
                                         "tests", "deploy", "docs", "CMakeLists.txt",
                                         "CMakePresets.json", "README.md", "LICENSE",
                                         // Never committed (.gitignore).
                                         "build", "compile_commands.json"};
  for (const auto& entry : fs::directory_iterator(STEREOFARM_SOURCE_DIR)) {
    const std::string name = entry.path().filename();
    if (name.starts_with('.') || name.ends_with(".stereofarm")) continue;
    EXPECT_TRUE(allowed.contains(name))
        << name << " lies at the top; every file belongs into a room";
  }
}

}  // namespace
}  // namespace stereofarm
