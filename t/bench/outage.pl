#!/usr/bin/perl
# What Redis' failures cost a message: a private Redis and posternd, messages
# one after the other through the milter socket, timed from connect to verdict.
#
#	perl t/bench/outage.pl [MESSAGES]
#
# For doc/reputation.md; not part of the suite. Needs a built tree.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../e2e";
use Lab;
use MilterClient;
use Scenario;
use Time::HiRes qw(time sleep);

my $count = shift || 1000;
die "no redis-server here\n" unless Lab::has_command('redis-server');
my $lab = Lab->new;
my $rules = Scenario::write_rules($lab);
my $redis = $lab->start_redis;
$lab->start_posternd(rules => $rules, redis => $redis);

sub one {
	my ($n) = @_;
	my $start = time;
	my $m = MilterClient->new("$lab->{dir}/run/milter.sock", client => '203.0.113.' . ($n % 250 + 1));
	my $r = $m->message(text => $Scenario::TEXT{clean}, to => ["u$n\@postern.test"]);
	my $ms = (time - $start) * 1000;
	$m->quit;
	die "not accepted: $r->{action}\n" unless $r->{action} eq 'accept';
	return $ms;
}

sub percentile { my ($p, @sorted) = @_; return $sorted[ int($p * $#sorted) ] }

sub measure {
	my ($name, $outage) = @_;
	my @first = $outage ? one(0) : ();
	my @ms = sort { $a <=> $b } map { one($_) } 1 .. $count;
	printf "%-34s %8s %8.2f %8.2f %8.2f\n", $name, @first ? sprintf('%.2f', $first[0]) : '-',
		percentile(0.5, @ms), percentile(0.99, @ms), $ms[-1];
}

sub log_lines { return scalar(() = $lab->log =~ /reputation: Redis/g) }

print "$count messages each, one session at a time, milliseconds\n";
printf "%-34s %8s %8s %8s %8s\n", '', 'first', 'p50', 'p99', 'worst';
one($_) for 1 .. 200;
measure('Redis answers');
my $lines = log_lines();
kill 'STOP', $lab->pid('redis');
measure('Redis hangs (SIGSTOP)', 1);
kill 'CONT', $lab->pid('redis');
$lab->wait_for('Redis to be back', 30, sub { (($lab->postern('status', '--json'))[1]) =~ /"state":\s*"up"/ });
measure('Redis answers again');
printf "log lines of that outage: %d\n", log_lines() - $lines;
$lab->stop('redis', 'KILL');
measure('Redis is dead (SIGKILL)', 1);
$lab->start_redis;
$lab->wait_for('Redis to be back', 30, sub { (($lab->postern('status', '--json'))[1]) =~ /"state":\s*"up"/ });
measure('Redis is new and empty');
