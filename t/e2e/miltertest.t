#!/usr/bin/perl
# Protocol corners as scripts of miltertest(8), one TAP line each.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lab;
use Scenario;
use Test::More;

plan skip_all => 'miltertest is not installed' unless Lab::has_command('miltertest');
my $lab = Lab->new;
$lab->start_posternd(rules => Scenario::write_rules($lab));
for my $script (sort glob "$FindBin::Bin/../miltertest/*.lua") {
	my $out = qx{SOCKET='unix:$lab->{dir}/run/milter.sock' miltertest -s $script 2>&1};
	is $?, 0, $script =~ s{.*/}{}r or diag $out;
}
done_testing;
