#include "coordinator/scheduling/allowed_roots.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "common/base/file_system.h"
#include "common/base/log.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

constexpr absl::StatusCode kOk = absl::StatusCode::kOk;
constexpr absl::StatusCode kDenied = absl::StatusCode::kPermissionDenied;
constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

// films/ is allowed, with keys/ and farm.db in it kept, store/ kept from writing; secret/ lies
// outside.
class AllowedRootsTest : public ::testing::Test {
 protected:
  AllowedRootsTest() {
    for (const char* folder :
         {"films/deep/er", "films/keys", "films/store/jobs", "secret", "films2", "filmsx"}) {
      SF_CHECK(MakeDirectories(root_ / folder).ok());
    }
    for (const char* file : {"films/in.mov", "films/ spaced .mov ", "films/keys/k", "films/farm.db",
                             "films/store/jobs/x", "secret/in.mov", "films2/in.mov"}) {
      SF_CHECK(WriteFileAtomically(root_ / file, "x").ok());
    }
    Link("films/in.mov", "films/inside.mov");
    Link("secret/in.mov", "films/outside.mov");
    Link("secret", "films/outside");
    Link("secret/none.mov", "films/dangling.mov");
    Link("secret/none", "films/dangling");
    Link("films/none.mov", "films/dangling-inside.mov");
    fs::create_symlink("../secret/in.mov", root_ / "films" / "relative.mov");
    fs::create_symlink("deep/../in.mov", root_ / "films" / "relative-inside.mov");
    fs::create_symlink("loop", root_ / "films" / "loop");
    Link("films/chain2", "films/chain1");
    Link("films/chain3", "films/chain2");
    Link("secret", "films/chain3");
    Link("films/deep", "secret/back");
    Link("films/out.mkv", "secret/name.mkv");
    Link("films", "alias");
  }
  void Link(const std::string& to, const std::string& from) {
    fs::create_symlink(root_ / to, root_ / from);
  }

  TempFolder folder_;
  const fs::path root_ = fs::canonical(folder_.path());
  const AllowedRoots allowed_{{root_ / "films", root_ / "alias"},
                              {root_ / "films" / "keys", root_ / "films" / "farm.db"},
                              {root_ / "films" / "store" / "jobs"}};
};

TEST_F(AllowedRootsTest, EverySpellingIsJudgedByWhereItLeads) {
  const std::string root = root_.string();
  const std::string films = root + "/films";
  struct Row {
    std::string path;
    absl::StatusCode read;
    absl::StatusCode write;
  };
  const std::vector<Row> rows = {
      // inside
      {films + "/in.mov", kOk, kOk},
      {films + "/new.mkv", kOk, kOk},
      {films + "//in.mov", kOk, kOk},
      {films + "/./in.mov", kOk, kOk},
      {"//" + films + "///./in.mov", kOk, kOk},
      {films + "/deep/../in.mov", kOk, kOk},
      {films + "/deep/er/../../in.mov", kOk, kOk},
      {films + "/../films/in.mov", kOk, kOk},
      {root + "/secret/../films/in.mov", kOk, kOk},
      {root + "/alias/in.mov", kOk, kOk},
      {root + "/secret/back/in.mov", kOk, kOk},
      {films + "/outside/back/in.mov", kOk, kOk},
      {films + "/inside.mov", kOk, kOk},
      {films + "/relative-inside.mov", kOk, kOk},
      {films + "/dangling-inside.mov", kOk, kOk},
      {films + "/ spaced .mov ", kOk, kOk},
      {films + "/in.mov ", kOk, kOk},
      {films + "/...", kOk, kOk},
      {films + "/nowhere/new.mkv", kOk, kOk},  // that the folder is missing is said elsewhere
      {films + "/store/out.mkv", kOk, kOk},
      {films + "/store/jobs/x", kOk, kDenied},
      // outside
      {root + "/secret/in.mov", kDenied, kDenied},
      {root + "/secret/new.mov", kDenied, kDenied},
      {root, kDenied, kDenied},
      {"/", kDenied, kDenied},
      {"/etc/passwd", kDenied, kDenied},
      {films + "2/in.mov", kDenied, kDenied},
      {films + "x", kDenied, kDenied},
      {films + "/../secret/in.mov", kDenied, kDenied},
      {films + "/deep/../../secret/in.mov", kDenied, kDenied},
      {films + "/./.././secret//in.mov", kDenied, kDenied},
      {films + "/../../../../../../../../etc/passwd", kDenied, kDenied},
      {films + "/outside.mov", kDenied, kDenied},
      {films + "/outside/in.mov", kDenied, kDenied},
      {films + "/outside/new.mov", kDenied, kDenied},
      {films + "/outside/../films/../secret/in.mov", kDenied, kDenied},
      {films + "/relative.mov", kDenied, kDenied},
      {films + "/dangling.mov", kDenied, kDenied},
      {films + "/dangling/new.mov", kDenied, kDenied},
      {films + "/chain1/in.mov", kDenied, kDenied},
      {root + "/alias/outside.mov", kDenied, kDenied},
      {root + "/alias/../secret/in.mov", kDenied, kDenied},
      // The name lies outside and leads inside: it may be read, but writing would replace the name.
      {root + "/secret/name.mkv", kOk, kDenied},
      // what is kept
      {films + "/keys/k", kDenied, kDenied},
      {films + "/keys", kDenied, kDenied},
      {films + "/deep/../keys/new", kDenied, kDenied},
      {films + "/farm.db", kDenied, kDenied},
      {films + "/./farm.db", kDenied, kDenied},
      {films + "/farm.db2", kOk, kOk},
      // what only the kernel understands
      {"/proc/self/root" + films + "/in.mov", kDenied, kDenied},
      {"/proc/self/cwd/in.mov", kDenied, kDenied},
      {"/proc/" + std::to_string(getpid()) + "/root/etc/passwd", kDenied, kDenied},
      {films + "/../../../../../../proc/self/root/etc/passwd", kDenied, kDenied},
      // nonsense
      {"", kInvalid, kInvalid},
      {"in.mov", kInvalid, kInvalid},
      {"./in.mov", kInvalid, kInvalid},
      {"../films/in.mov", kInvalid, kInvalid},
      {" " + films + "/in.mov", kInvalid, kInvalid},
      {"file:" + films + "/in.mov", kInvalid, kInvalid},
      {"~/in.mov", kInvalid, kInvalid},
      {films + std::string("/in.mov\0.mkv", 12), kInvalid, kInvalid},
      {std::string(1, '\0'), kInvalid, kInvalid},
      {films + "/" + std::string(5000, 'a'), kInvalid, kInvalid},
      {films + "/loop", kInvalid, kInvalid},
      {films + "/nowhere/../in.mov", kInvalid, kInvalid},
      {films + "/nowhere/../../secret/in.mov", kInvalid, kInvalid},
      {films + "/deep/", kOk, kInvalid},
      {films + "/deep/.", kOk, kInvalid},
      {films + "/deep/..", kOk, kInvalid},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(allowed_.CheckReading(row.path).code(), row.read)
        << row.path << ": " << allowed_.CheckReading(row.path);
    EXPECT_EQ(allowed_.CheckWriting(row.path).code(), row.write)
        << row.path << ": " << allowed_.CheckWriting(row.path);
  }
}

TEST_F(AllowedRootsTest, TheDiskIsLookedAtEachTime) {
  const std::string path = (root_ / "films" / "later" / "new.mkv").string();
  EXPECT_TRUE(allowed_.CheckWriting(path).ok());
  Link("secret", "films/later");
  EXPECT_EQ(allowed_.CheckWriting(path).code(), kDenied);
}

TEST_F(AllowedRootsTest, AnEmptyListAllowsNothing) {
  const AllowedRoots none({}, {}, {});
  EXPECT_EQ(none.CheckReading((root_ / "films" / "in.mov").string()).code(), kDenied);
  const AllowedRoots all({"/"}, {}, {});
  EXPECT_TRUE(all.CheckReading((root_ / "secret" / "in.mov").string()).ok());
}

}  // namespace
}  // namespace stereofarm
