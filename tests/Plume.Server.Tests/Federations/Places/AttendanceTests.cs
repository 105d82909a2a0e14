using Plume.Compression.Codecs;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Rounds;
using Plume.Federation.Selection;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.Places;

namespace Plume.Server.Tests.Federations.Places;

public class AttendanceTests
{
    static readonly FederationPlan Plan = new(3, 5, 2, new LocalObjective(1, 1, 0.1), Codec.Floats, Codec.Floats)
    {
        Deadline = TimeSpan.FromMinutes(1),
    };
    static readonly ModelLayout Layout = ModelLayout.Of([("w", [2], TensorRole.Weight)]);

    readonly JumpingTime time = new();
    readonly Attendance attendance;

    public AttendanceTests() =>
        attendance = new Attendance(
            new FederationDefinition("toy", Plan, 1, Layout, () => new float[2])
            {
                Away = TimeSpan.FromMinutes(2),
                UnusedPlace = TimeSpan.FromMinutes(10)
            }, time);

    [Fact]
    public void A_client_is_silent_when_it_was_not_heard_of_for_so_long()
    {
        Assert.False(attendance.IsSilent(0));
        attendance.See(0);
        time.Pass(TimeSpan.FromMinutes(2));
        Assert.False(attendance.IsSilent(0));
        time.Pass(TimeSpan.FromSeconds(1));
        Assert.True(attendance.IsSilent(0));
        attendance.See(0);
        Assert.False(attendance.IsSilent(0));
    }

    [Fact]
    public void Who_could_not_do_its_task_rests_until_the_time_is_over_or_it_joins_anew()
    {
        attendance.Rest(0);
        attendance.Rest(1);
        attendance.Rouse(1);
        Assert.True(attendance.IsResting(0));
        Assert.False(attendance.IsResting(1));
        time.Pass(TimeSpan.FromMinutes(2));
        Assert.False(attendance.IsResting(0));
    }

    [Fact]
    public void A_place_is_of_no_use_to_who_is_gone_or_lets_deadlines_pass()
    {
        var state = FederationState.Initial;
        attendance.See(0);
        time.Pass(TimeSpan.FromMinutes(12));
        Assert.Null(attendance.WhyUnused(0, state));
        time.Pass(TimeSpan.FromSeconds(1));
        Assert.Contains("not heard of for 00:12:00", attendance.WhyUnused(0, state), StringComparison.Ordinal);
        Assert.Null(attendance.WhyUnused(0, state with { Members = [0] }));
        Assert.Contains("3 deadlines",
            attendance.WhyUnused(0, state with { Members = [0], Absences = state.Absences.Add(0, new Absence(4, 1, Before: 1)) }),
            StringComparison.Ordinal);
        Assert.Null(attendance.WhyUnused(0, state with { Phase = Phase.Finished }));
    }
}
