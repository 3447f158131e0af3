// Runs every target over its corpus, with any compiler: what once crashed never does again.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "common/base/file_system.h"
#include "tests/fuzz/targets.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

const fs::path kCorpus = fs::path(STEREOFARM_SOURCE_DIR) / "tests" / "fuzz" / "corpus";

TEST(FuzzCorpusTest, EveryTargetTakesItsCorpus) {
  for (const FuzzTarget& target : FuzzTargets()) {
    int files = 0;
    for (const auto& entry : fs::directory_iterator(kCorpus / target.name)) {
      const auto bytes = ReadFile(entry.path());
      ASSERT_TRUE(bytes.ok()) << bytes.status();
      target.run(*bytes);
      // And every beginning of it, as a file that was cut off.
      for (size_t size = 0; size < std::min<size_t>(bytes->size(), 300); ++size) {
        target.run(bytes->substr(0, size));
      }
      ++files;
    }
    EXPECT_GE(files, 1) << target.name;
  }
}

TEST(FuzzCorpusTest, EveryFolderHasItsTarget) {
  std::set<std::string> names;
  for (const FuzzTarget& target : FuzzTargets()) names.insert(target.name);
  for (const auto& entry : fs::directory_iterator(kCorpus)) {
    EXPECT_TRUE(names.contains(entry.path().filename().string())) << entry.path();
  }
}

}  // namespace
}  // namespace stereofarm
