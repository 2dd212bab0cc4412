pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme

// What was paid, one line each.
FocusScope {
    id: root

    property alias model: lines.model
    readonly property bool focusable: true

    signal passedUp()
    signal passedDown()

    height: column.height
    visible: lines.count > 0
    activeFocusOnTab: true
    Accessible.role: Accessible.List
    Accessible.name: qsTr("Payments")
    Accessible.focusable: true
    Keys.onUpPressed: passedUp()
    Keys.onDownPressed: passedDown()

    FocusRing { target: root }
    Column {
        id: column
        anchors { left: parent.left; right: parent.right }
        topPadding: Theme.tiny
        bottomPadding: Theme.tiny
        spacing: Theme.tight
        Repeater {
            id: lines
            delegate: Item {
                id: payment

                required property string day
                required property string what
                required property string amount
                required property string outcome

                width: column.width
                height: when.height
                Accessible.role: Accessible.StaticText
                Accessible.name: [day, what, amount, outcome].join(", ")
                Label {
                    id: when
                    anchors { left: parent.left; leftMargin: Theme.tight }
                    width: Theme.type(130)
                    text: payment.day
                    color: Theme.muted
                    Accessible.ignored: true
                }
                Label {
                    anchors { left: when.right; right: sum.left; rightMargin: Theme.gap }
                    text: payment.what
                    Accessible.ignored: true
                }
                Label {
                    id: sum
                    anchors { right: result.left; rightMargin: Theme.gap }
                    text: payment.amount
                    Accessible.ignored: true
                }
                Label {
                    id: result
                    anchors.right: parent.right
                    width: Theme.type(110)
                    text: payment.outcome
                    color: Theme.muted
                    Accessible.ignored: true
                }
            }
        }
    }
}
