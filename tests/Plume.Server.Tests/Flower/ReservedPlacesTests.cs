using Plume.Server.Flower;
using Plume.Server.Identity;
using Plume.Server.Identity.Enrolling;
using Plume.Server.Tests.Identity;

namespace Plume.Server.Tests.Flower;

public class ReservedPlacesTests
{
    static readonly TimeSpan Valid = TimeSpan.FromHours(1);

    readonly RecordsInMemory records = new();
    readonly SettableTime time = new();

    [Fact]
    public async Task As_many_places_are_kept_as_clients_are_enrolled_or_invited_each_once()
    {
        var (reserved, registry, tokens) = Make(told: null);
        await EnrolAsync(registry, "enrolled", Roles.Client, false, "flu");
        await EnrolAsync(registry, "revoked", Roles.Client, true, "flu");
        await EnrolAsync(registry, "elsewhere", Roles.Client, false, "cold");
        await EnrolAsync(registry, "operator", Roles.Admin, false);
        await tokens.IssueAsync("invited", Roles.Client, ["cold", "Flu"], Valid, default);
        await tokens.IssueAsync("enrolled", Roles.Client, ["flu"], Valid, default);
        await tokens.IssueAsync("admin", Roles.Admin, [], Valid, default);
        await tokens.IssueAsync("withdrawn", Roles.Client, ["flu"], Valid, default);
        await tokens.WithdrawAsync("withdrawn", default);
        Assert.Equal(2, await reserved.CountAsync("flu", default));
    }

    [Fact]
    public async Task An_invitation_that_ran_out_keeps_no_place()
    {
        var (reserved, _, tokens) = Make(told: null);
        await tokens.IssueAsync("invited", Roles.Client, ["flu"], Valid, default);
        Assert.Equal(1, await reserved.CountAsync("flu", default));
        time.Move(Valid);
        Assert.Equal(0, await reserved.CountAsync("flu", default));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(17)]
    public async Task What_the_operator_says_stands_over_the_invitations(int told)
    {
        var (reserved, _, tokens) = Make(told);
        await tokens.IssueAsync("invited", Roles.Client, ["flu"], Valid, default);
        Assert.Equal(told, await reserved.CountAsync("flu", default));
    }

    [Fact]
    public async Task Strangers_that_come_again_and_again_have_the_records_read_once_in_a_while()
    {
        var (reserved, _, _) = Make(told: null);
        for (int call = 0; call < 1000; call++)
            await reserved.CountAsync("flu", default);
        int lists = records.Lists;
        time.Move(TimeSpan.FromSeconds(3));
        await reserved.CountAsync("flu", default);
        Assert.Equal(2 * lists, records.Lists);
    }

    (ReservedPlaces, ClientRegistry, EnrolmentTokens) Make(int? told)
    {
        var (registry, tokens) = (new ClientRegistry(records, time), new EnrolmentTokens(records, time));
        var options = new FlowerOptions
        {
            Listen = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0),
            ReservedPlaces = told,
        };
        return (new ReservedPlaces(options, registry, tokens, time), registry, tokens);
    }

    async Task EnrolAsync(ClientRegistry registry, string name, Roles role, bool revoked, params string[] federations) =>
        Assert.True(await registry.WriteAsync(
            new EnrolledEntry(name, role, federations, ["hash"], time.GetUtcNow() + Valid, "", revoked), 0, default));
}
