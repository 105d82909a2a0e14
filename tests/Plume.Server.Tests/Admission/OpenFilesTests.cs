using Plume.Server.Identity.Admission;

namespace Plume.Server.Tests.Admission;

public class OpenFilesTests
{
    static string[] Limits(string line) =>
    [
        "Limit                     Soft Limit           Hard Limit           Units     ",
        "Max processes             31000                31000                processes ",
        .. line.Length == 0 ? Array.Empty<string>() : [line],
        "Max locked memory         8388608              8388608              bytes     ",
    ];

    [Theory]
    [InlineData("Max open files            1024                 524288               files     ", 1024L)]
    [InlineData("Max open files            1048576              1048576              files     ", 1048576L)]
    [InlineData("Max open files            0                    0                    files     ", 0L)]
    [InlineData("Max open files            9223372036854775807  9223372036854775807  files     ", long.MaxValue)]
    [InlineData("Max open files            unlimited            unlimited            files     ", null)]
    [InlineData("Max open files            18446744073709551615 unlimited            files     ", null)]
    [InlineData("Max open files", null)]
    [InlineData("Max open files            ", null)]
    [InlineData("Max open sockets          7                    7                    files     ", null)]
    [InlineData("", null)]
    public void The_soft_limit_is_read_where_there_is_one(string line, long? limit) =>
        Assert.Equal(limit, OpenFiles.Read(Limits(line)));

    [Fact]
    public void No_lines_say_nothing() => Assert.Null(OpenFiles.Read([]));

    [Fact]
    public void This_process_has_the_limit_that_the_system_tells()
    {
        if (OperatingSystem.IsLinux())
            Assert.True(OpenFiles.Limit > 0);
        Assert.Equal(OpenFiles.Limit is { } limit ? OpenFiles.ConnectionsOf(limit) : null, OpenFiles.Connections);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(192)]
    [InlineData(256)]
    [InlineData(1024)]
    [InlineData(4096)]
    [InlineData(20_000)]
    [InlineData(1 << 20)]
    public void Storage_keeps_a_quarter_of_the_handles_within_bounds(long limit)
    {
        long connections = OpenFiles.ConnectionsOf(limit), kept = limit - connections;
        Assert.InRange(connections, 0, limit);
        Assert.Equal(Math.Min(limit, Math.Clamp(limit / 4, 192, 1024)), kept);
    }

    [Fact]
    public void More_connections_than_handles_allow_are_refused_with_both_numbers()
    {
        if (OpenFiles.Connections is not { } most)
            return;
        Assert.Empty(new ServerLimits { Connections = most }.Problems());
        string problem = Assert.Single(new ServerLimits { Connections = most + 1 }.Problems());
        Assert.StartsWith($"A server that may open {OpenFiles.Limit} files can hold {most} connections, since storage needs "
            + $"some, but is to hold {most + 1}.", problem, StringComparison.Ordinal);
    }
}
